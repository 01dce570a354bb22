"""Facts: what the records say, each with what it is of. Papers and written texts hold no number that is none."""

from collections.abc import Callable
from typing import Any

from markupsafe import Markup, escape

from axiom.reads.base.request import Answer

_LONGEST = 30  # letters of a fact that leads to its rows


def make_fact(text: str, of: str, rows: str = "") -> Answer:
    """What the records say: `of` is what it is (F12.estimate, E3.question, G4.hash), `rows` the page behind it.

    A number leads there; words and sentences lead nowhere, for then nearly everything would.
    """
    leads = len(text) < _LONGEST and any(sign.isdigit() for sign in text)
    return {"text": text, "of": of, "rows": rows if leads else ""}


def write_facts(value: Any, write: Callable[[Answer], str]) -> Any:
    """An answer in which `write` has put each fact, and each text beside the facts, into its format."""
    if isinstance(value, dict):
        if value.keys() == {"text", "of", "rows"}:
            return write(value)
        return {name: write_facts(part, write) for name, part in value.items()}
    if isinstance(value, list):
        return [write_facts(part, write) for part in value]
    return write(make_fact(value, "")) if isinstance(value, str) else value


def facts_in_html(facts: Any) -> Any:
    return write_facts(facts, _html)


def _html(fact: Answer) -> str:
    if fact["rows"]:
        return Markup('<a href="{rows}">{text}</a>').format(**fact)
    return Markup("<bdi>{text}</bdi>").format(**fact) if fact["of"] else escape(fact["text"])
