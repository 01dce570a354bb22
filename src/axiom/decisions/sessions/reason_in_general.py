"""A reason without the numbers of single cells, so that what happened a hundred times is told once."""

import re

_SINGLE = re.compile(
    r"\b(replicates?|configs?|cells?|seeds?|tasks?|workunits?) [0-9][0-9, ]*[0-9]\b|"
    r"\b(replicates?|configs?|cells?|seeds?|tasks?|workunits?) [0-9]\b"
)
_MOST = 240  # characters


def in_general(reason: str) -> str:
    """The same sentence for every replicate, config, seed, task and workunit."""
    told = _SINGLE.sub(lambda found: f"{found[1] or found[2]} …", reason)
    return told if len(told) <= _MOST else f"{told[: _MOST - 1]}…"
