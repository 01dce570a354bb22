"""`axiom_weigh.assert_effect(table, sign="+")`: a claim about an effect as a test states it."""

from typing import Any

from axiom_weigh.errors import UnknownName
from axiom_weigh.values import Grade, Verdict
from axiom_weigh.weighing.result_card import WeighedTable
from axiom_weigh.weighing.weigh import weigh

_SIGNS = {"+": Verdict.POSITIVE, "-": Verdict.NEGATIVE, "absent": Verdict.ABSENT}


def assert_effect(table: Any, *, sign: str = "+", grade: str = "Moderate", **words: Any) -> WeighedTable:
    """Fail, with the whole card, unless the table shows this effect with this grade or a better one.

    `sign` is "+", "-" or "absent"; the other words are those of `axiom_weigh.weigh`.
    """
    __tracebackhide__ = True
    wanted, least = parse_verdict(sign), _grade(grade)
    card = table if isinstance(table, WeighedTable) else weigh(table, **words)
    grades = list(Grade)
    if card.verdict is not wanted:
        raise AssertionError(f"{wanted} was expected, and the verdict is {card.verdict}.\n\n{card!r}")
    if grades.index(card.grade) < grades.index(least):
        raise AssertionError(f"The grade {least} was expected, and it is {card.grade}.\n\n{card!r}")
    return card


def parse_verdict(sign: str) -> Verdict:
    """The verdict that somebody asks for, as "+" or as "effect +"; a minus may be a hyphen."""
    word = sign.strip().lower().removeprefix("effect").strip().replace("−", "-")
    if word not in _SIGNS:
        raise UnknownName("verdict", sign, _SIGNS)
    return _SIGNS[word]


def _grade(name: str) -> Grade:
    grades = {str(grade).lower(): grade for grade in Grade}
    if name.strip().lower() not in grades:
        raise UnknownName("grade", name, map(str, Grade))
    return grades[name.strip().lower()]
