"""What language models are told first, the texts in `prompt_texts/`: our own scientist and any client the same."""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "prompt_texts"


class PromptText(StrEnum):
    """A text: who one is, or what to do."""

    ROLE = "role"
    ASK = "ask"
    WRITE = "write"
    WEIGH = "weigh"
    PAPER = "paper"

    @property
    def text(self) -> str:
        return _text(self.value)

    @property
    def about(self) -> str:
        """Its first sentence."""
        return " ".join(self.text.partition("\n\n")[0].split())


# What a client is offered, and the texts of each.
OFFERED = {
    "ask": (PromptText.ROLE, PromptText.ASK, PromptText.WRITE),
    "weigh": (PromptText.ROLE, PromptText.WEIGH),
    "paper": (PromptText.ROLE, PromptText.PAPER),
}


def digest_prompts(texts: Sequence[PromptText]) -> str:
    """By which the audit knows these texts."""
    return hashlib.sha256("\0".join(part.text for part in texts).encode()).hexdigest()


@cache
def _text(name: str) -> str:
    return (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
