"""A volunteer's choices for their computers, as they are stored beside the account."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The parts of their computers that a volunteer lets compute: processors, GPUs."""

    cores: bool
    gpus: bool


@lru_cache(maxsize=256)  # most prefer nothing in particular
def project_choice(text: str) -> Choice:
    """Which parts of their computers a volunteer lets compute for this project."""
    chosen: dict[str, Any] = json.loads(text) if text else {}
    return Choice(cores=bool(chosen.get("on_cores", True)), gpus=bool(chosen.get("on_gpus", True)))
