"""A reason without the numbers of single cells, so that what happened a hundred times is told once."""

import re

_SINGLE = re.compile(
    r"\b(replicates?|configs?|cells?|seeds?|tasks?|workunits?) [0-9][0-9, ]*[0-9]\b|"
    r"\b(replicates?|configs?|cells?|seeds?|tasks?|workunits?) [0-9]\b"
)
_MOST = 240  # characters


def in_general(reason: str) -> str:
    """The same sentence for every replicate, config, seed, task and workunit."""
    text = _SINGLE.sub(lambda match: f"{match[1] or match[2]} …", reason)
    return text if len(text) <= _MOST else f"{text[: _MOST - 1]}…"
