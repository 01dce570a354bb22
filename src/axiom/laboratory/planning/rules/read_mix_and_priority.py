"""What does an operator want besides? Read from what they type: shares in percent, and an order.

    --mix "new=50,nearest=30,fill=20"        --priority "new,nearest,negatives,fill"    or    "new > nearest > fill"

A word is a purpose or the name of an experiment. What cannot be is refused with a sentence: shares over 100 %, a word
twice, a word that nothing has.
"""

import math
import re
from collections.abc import Collection, Iterable

from axiom.domain.planning import PlanWishes, Purpose
from axiom.errors import UnknownName, WrongUse

_WHOLE = 100.0
_ROUNDING = 1e-6


def parse_wishes(mix: str, priority: str, experiments: Collection[str] = ()) -> PlanWishes:
    """Both wishes as values. Where no `experiments` are named, any word may be one."""
    return PlanWishes(mix=read_mix(mix, experiments), priority=read_priority(priority, experiments))


def read_mix(text: str, experiments: Collection[str] = ()) -> tuple[tuple[str, float], ...]:
    """Shares in percent, as "new=50,nearest=30"; what they leave of 100 goes to everything else."""
    shares: dict[str, float] = {}
    for part in _parts(text):
        word, is_given, number = (piece.strip() for piece in part.partition("="))
        if not is_given:
            raise WrongUse(f"The share {part!r} has no number. Write what=percent, for example new=50,fill=20.")
        if word in shares:
            raise WrongUse(f"The mix names {word} twice, so which share is meant is not clear. Name each once.")
        shares[_word(word, experiments)] = _percent(number, part)
    if sum(shares.values()) > _WHOLE + _ROUNDING:
        summands = " + ".join(f"{percent:g}" for percent in shares.values())
        raise WrongUse(f"The shares of the mix add up to more than 100 %: {summands}. Make them smaller.")
    return tuple(shares.items())


def read_priority(text: str, experiments: Collection[str] = ()) -> tuple[str, ...]:
    """An order, as "new,nearest,fill" or "new > nearest > fill"; what it does not name comes last."""
    words = tuple(_word(part, experiments) for part in _parts(text.replace(">", ",")))
    if doubled := sorted({word for word in words if words.count(word) > 1}):
        raise WrongUse(f"The priorities name {doubled[0]} twice. Name each once, the first one first.")
    return words


def _parts(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,;\n]", text) if part.strip()]


def _percent(number: str, part: str) -> float:
    try:
        percent = float(number.removesuffix("%"))
    except ValueError:
        percent = math.nan
    if not 0.0 <= percent <= _WHOLE:
        raise WrongUse(f"The share {part!r} is no percentage. Write a number from 0 to 100, for example new=50.")
    return percent


def _word(word: str, names: Iterable[str]) -> str:
    purposes = [purpose.value for purpose in Purpose]
    experiments = list(names)
    if not word or (experiments and word not in (*purposes, *experiments)):
        raise UnknownName("purpose or experiment", word, (*purposes, *experiments))
    return word
