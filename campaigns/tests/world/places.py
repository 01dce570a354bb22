"""Where a simulated laboratory lies: in memory where the system has such a place, since nothing of it is to last."""

import os
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - a place for files that nobody needs later is what is wanted


def quick() -> Path | None:
    """A folder that is kept in memory; None where the usual one for files that nobody needs later must do."""
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None
