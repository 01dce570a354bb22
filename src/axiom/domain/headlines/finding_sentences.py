"""The sentence at the head of a finding, composed from what was measured. Nobody writes it.

What a file adds are short words for its own names, registered before the first seed: a measure's, a factor's, a level's
(`optimizer=sgd`), and the setting. Where it has none, the name itself is told.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from axiom.domain.estimands import VALUE, Center, Direction, Kind
from axiom.domain.evidence import VOID
from axiom.domain.headlines import numbers
from axiom.domain.headlines.names_in_words import name_factor, name_quantity, tell_arm
from axiom_weigh.evidence import size_that_matters
from axiom_weigh.evidence.choice_of_statistic import compares_events
from axiom_weigh.evidence.sure_designs import tell_designs
from axiom_weigh.values import DesignVerdict, Verdict

SIDES = {Verdict.POSITIVE: Direction.MORE, Verdict.NEGATIVE: Direction.LESS, Verdict.ABSENT: Direction.ABSENT}
_POWERS = {Kind.SLOPE: "exponent", Kind.RANK_CORRELATION: "rank correlation"}


class _Form(StrEnum):
    """How a kind of number is told."""

    DIFFERENCE = "of two arms"
    TREND = "over a factor"
    LEVEL = "beside a value"


class WeighedNumber(Protocol):
    """What evidence says: a line of it, what is known of one in brief, or what is known before there is any."""

    @property
    def verdict(self) -> Verdict: ...
    @property
    def estimate(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...
    @property
    def by_design(self) -> Sequence[DesignVerdict]: ...


class MeasuredNumber(NamedTuple):
    """The same where nobody has a line of evidence at hand; before there is any, nothing of it is known."""

    verdict: Verdict = Verdict.UNDECIDED
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    by_design: tuple[DesignVerdict, ...] = ()


NOT_MEASURED = MeasuredNumber()
SIZE_OPEN = "that may be too little to matter"


def compose_answer(
    estimand: Mapping[str, Any], measured: WeighedNumber, status: str = "open", *, is_number_told: bool = True
) -> str:
    """The headline of a finding, which ends without a full stop."""
    if measured.verdict in SIDES:
        side = find_slight_side(estimand, measured) or SIDES[measured.verdict]
        sentence = _stated(estimand, side, measured if is_number_told else NOT_MEASURED)
        if side is not SIDES[measured.verdict]:
            smallest = numbers.amount_with_unit(estimand, estimand["smallest"])
            sentence = f"{sentence}; its file calls less than {smallest} too small to matter"
        if is_size_open(estimand, measured):
            sentence = f"{sentence}; {SIZE_OPEN}"
        if of_designs := tell_designs(measured.by_design, measured.verdict):
            sentence = f"{sentence}; {of_designs}"
    elif measured.verdict is Verdict.MIXED:
        sentence = f"It depends on the design: {compose_question(estimand)}"
    else:
        sentence = f"{compose_question(estimand)} Not known yet"
    return f"{numbers.begin_sentence(status)}: {sentence}" if status in VOID else sentence


def compose_statement(estimand: Mapping[str, Any], measured: WeighedNumber) -> tuple[str, str]:
    """The same in two parts, so that a list says once what all its rows share: the condition, and what holds under it.

    "In least-squares fits, with no noise"; "squared error is lower with 1,600 features than with 40". The number is
    left out where the estimand's own words tell it, with its interval.
    """
    condition = numbers.begin_sentence(_arms(estimand).condition)
    answer = compose_answer(estimand, measured, is_number_told=not numbers.has_unit(estimand))
    if not answer.startswith(condition):  # it depends on the design, and says so first
        return "", answer
    return condition.removesuffix(", "), answer[len(condition) :]


def compose_row(estimand: Mapping[str, Any], measured: WeighedNumber, status: str = "open") -> str:
    """The same where the setting stands above a list and the number beside the row."""
    return compose_answer({**estimand, "setting": ""}, measured, status, is_number_told=False)


def tell_size(estimand: Mapping[str, Any], measured: WeighedNumber) -> tuple[str, str]:
    """How much, with its unit, and between what; nothing while it is not decided."""
    if measured.estimate is None or not measured.verdict.is_decided:
        return "", ""
    ends = (measured.estimate, measured.low, measured.high)
    of = ""
    if not numbers.unit_of(estimand)[1]:
        of = _POWERS.get(Kind(estimand["kind"]), name_number(estimand))
    sure = numbers.certainty_with_unit(estimand, *ends)
    return numbers.estimate_with_unit(estimand, *ends), f"{of}; {sure}" if of else sure


def name_arms(estimand: Mapping[str, Any]) -> tuple[str, str]:
    """The two that are compared, each by what only it has."""
    arms = _arms(estimand)
    return arms.first.removeprefix("with "), arms.second.removeprefix("with ")


def compose_claim(estimand: Mapping[str, Any]) -> str:
    """What is put to the test: the side on which its author expects the number."""
    return _stated(estimand, Direction(estimand["expects"]), NOT_MEASURED)


def compose_question(estimand: Mapping[str, Any]) -> str:
    """What is asked, as a question."""
    arms = _arms(estimand)
    form = _form(estimand)
    quantity = _quantity(estimand, form)
    match form:
        case _Form.DIFFERENCE:
            question = f"is {quantity} higher or lower {arms.first} than {arms.second}?"
        case _Form.TREND:
            question = f"does {quantity} rise or fall with {_course(estimand)}?"
        case _:
            question = f"is {quantity} above or below {numbers.bare_number(estimand, estimand['null'])}?"
    return numbers.begin_sentence(arms.condition + question)


def compose_size_question(estimand: Mapping[str, Any]) -> str:
    """What is still asked where there is an effect of which it is open whether it is large enough to matter."""
    smallest = numbers.amount_with_unit(estimand, estimand["smallest"])
    null = numbers.bare_number(estimand, estimand["null"])
    quantity = _quantity(estimand, _Form.LEVEL)
    return numbers.begin_sentence(f"{_arms(estimand).condition}is {quantity} more than {smallest} away from {null}?")


def compose_quantity(estimand: Mapping[str, Any]) -> str:
    """Which number is told of, in words: "accuracy on new examples with width 64 minus that with width 2"."""
    return _arms({**estimand, "setting": ""}).condition + _quantity(estimand, _Form.LEVEL)


def compose_mark(estimand: Mapping[str, Any]) -> str:
    """What is in one repetition: of a share of them only whether it is so."""
    happening = _happening(estimand)
    if happening and len(estimand["between"]) < 2:
        return f"{_arms({**estimand, 'setting': ''}).condition}{happening}, or not"
    return compose_quantity(estimand).rstrip(",")


def name_number(estimand: Mapping[str, Any]) -> str:
    """The same in brief, beside a number or along an axis that nothing else explains: "difference in accuracy"."""
    kind, form = Kind(estimand["kind"]), _form({**estimand, "null": 0.0})
    measured = _quantity(estimand, _Form.DIFFERENCE)
    if form is _Form.DIFFERENCE:
        return f"ratio of {measured}" if numbers.is_ratio(estimand) else f"difference in {measured}"
    if kind is Kind.BREAKPOINT:
        return f"{name_factor(estimand, estimand['across'])} at which {measured} turns"
    if kind in (*_POWERS, Kind.EXPONENT) and not numbers.tells_doubling(estimand):
        return f"{_POWERS.get(kind, 'exponent')} of {measured}"
    return measured.removeprefix("the ")


def is_size_open(estimand: Mapping[str, Any], measured: WeighedNumber) -> bool:
    """Is there an effect of which it is open whether it is as large as one that matters?"""
    bars = size_that_matters.list_bars(float(estimand["null"]), float(estimand["smallest"]))
    return size_that_matters.is_size_open(measured.verdict, measured.low, measured.high, bars)


def find_slight_side(estimand: Mapping[str, Any], measured: WeighedNumber) -> Direction | None:
    """On which side an effect surely lies that its file calls too small to matter; None where there may be none."""
    side = size_that_matters.find_slight_side(measured.verdict, measured.low, measured.high, float(estimand["null"]))
    return {1: Direction.MORE, -1: Direction.LESS}.get(side)


class _Arms(NamedTuple):
    condition: str  # what is the same in all arms, and the setting: "in small networks with noise 0.2, "
    first: str
    second: str


def _stated(estimand: Mapping[str, Any], side: Direction, measured: WeighedNumber) -> str:
    """A statement with its number, where that is known."""
    form = _form(estimand)
    arms, quantity, middle = _arms(estimand), _quantity(estimand, form), _middle(estimand)
    across, null = _course(estimand), numbers.bare_number(estimand, estimand["null"])
    smallest = numbers.amount_with_unit(estimand, estimand["smallest"])
    number = ""
    if measured.estimate is not None:
        number = numbers.estimate_with_unit(estimand, measured.estimate, measured.low, measured.high)
    match form, side:
        case _Form.DIFFERENCE, Direction.ABSENT:
            sentence = f"{quantity} is {middle}nearly the same {arms.first} as {arms.second}"
            number = f"within {smallest}"
        case _Form.DIFFERENCE, _:
            more = "higher" if side is Direction.MORE else "lower"
            sentence = f"{quantity} is {middle}{more} {arms.first} than {arms.second}"
        case _Form.TREND, Direction.ABSENT:
            sentence = f"{quantity} {middle}hardly changes with {across}"
            number = f"{_POWERS[Kind(estimand['kind'])]} within {smallest} of 0"
            if numbers.tells_doubling(estimand):
                number = f"less than {smallest} {numbers.DOUBLING}"
        case _Form.TREND, _:
            sentence = f"{quantity} {middle}{'rises' if side is Direction.MORE else 'falls'} with {across}"
            if number and not numbers.tells_doubling(estimand):
                number = f"{_POWERS[Kind(estimand['kind'])]} {number}"
        case _, Direction.ABSENT:
            sentence = f"{quantity} is {middle}within {smallest} of {null}"
        case _:
            sentence = f"{quantity} is {middle}{'above' if side is Direction.MORE else 'below'} {null}"
            number = number.removesuffix(f" {numbers.DOUBLING}")  # the quantity says so
    return numbers.begin_sentence(arms.condition + sentence) + (f" ({number})" if number else "")


def _form(estimand: Mapping[str, Any]) -> _Form:
    """A difference or a trend that is compared with another value than 0 is told as a number beside that value."""
    kind = Kind(estimand["kind"])
    if estimand["null"]:
        return _Form.LEVEL
    if kind is Kind.CONTRAST or (kind is Kind.DIMENSION and len(estimand["between"]) > 1):
        return _Form.DIFFERENCE
    return _Form.TREND if kind in _POWERS else _Form.LEVEL


def _quantity(estimand: Mapping[str, Any], form: _Form) -> str:
    """What the number is, in words; of a difference or a trend what differs or changes."""
    measure, across = name_quantity(estimand, estimand["measure"]), name_factor(estimand, estimand["across"])
    kind = Kind(estimand["kind"])
    if kind is Kind.DIMENSION:
        measure = f"the box-counting dimension of {measure}"
    if happening := _happening(estimand):
        measure = f"the share of repetitions with {happening}"
    elif estimand.get("is_event"):
        # Without a mean it is told of the typical repetition.
        runs = "runs" if _is_of_mean(estimand) else "a repetition's runs"
        measure = f"the share of {runs} with {measure}"
    if form is not _Form.LEVEL:
        return measure
    arms = _arms(estimand)
    match kind:
        case Kind.CONTRAST | Kind.DIMENSION if len(estimand["between"]) > 1:
            return f"{measure} {arms.first} {'over' if numbers.is_ratio(estimand) else 'minus'} that {arms.second}"
        case Kind.SLOPE if numbers.tells_doubling(estimand):
            return f"the factor by which each doubling of {across}{_between(estimand)} changes {measure}"
        case Kind.EXPONENT:  # of a power law with an offset
            return f"the exponent of {measure}, less a constant, over {across}{_between(estimand)}"
        case Kind.SLOPE:
            return f"the exponent of {measure} over {across}{_between(estimand)}"
        case Kind.RANK_CORRELATION:
            return f"the rank correlation of {measure} with {across}{_between(estimand)}"
        case Kind.BREAKPOINT:
            return f"{across} at which {measure} turns"
        case _:
            return measure


def _happening(estimand: Mapping[str, Any]) -> str:
    """What is so of a repetition or not, where its number is a share of them; else nothing."""
    if estimand.get("event"):
        return _event_in_words(estimand)
    if Kind(estimand["kind"]) is not Kind.PROPORTION:
        return ""
    every = " in each run" if estimand.get("is_of_several") else ""  # of a repetition
    return name_quantity(estimand, estimand["measure"]) + every


def _event_in_words(estimand: Mapping[str, Any]) -> str:
    """Which waits count, and among which: "800 to 1,600 steps until it learned, among those with more than 800"."""
    label = estimand.get("words", {}).get(estimand["measure"]) or estimand["measure"].replace("_", " ")
    after, by = (numbers.format_number(estimand["event"][end]) for end in ("after", "by"))
    if not estimand["event"]["after"]:
        return _counted(label, f"at most {by}")
    both = " in both" if len(estimand["between"]) > 1 else ""
    return f"{_counted(label, f'{after} to {by}')} among those with more than {after}{both}"


def _counted(label: str, amount: str) -> str:
    return label.replace(VALUE, amount) if VALUE in label else f"{label} of {amount}"


def _course(estimand: Mapping[str, Any]) -> str:
    """The factor of a trend, and from where to where it goes."""
    between = _between(estimand)
    return name_factor(estimand, estimand["across"]) + (f",{between}" if between else "")


def _between(estimand: Mapping[str, Any]) -> str:
    span = estimand.get("span")
    return f" from {numbers.format_number(span[0])} to {numbers.format_number(span[1])}" if span else ""


def _middle(estimand: Mapping[str, Any]) -> str:
    """Of which middle of the seeds this is true."""
    if estimand["kind"] == Kind.PROPORTION or estimand.get("event"):
        return ""
    return "on average " if _is_of_mean(estimand) else "typically "


def _is_of_mean(estimand: Mapping[str, Any]) -> bool:
    """Is it asked about the mean: because its file says so, or since a difference of events has no other middle?"""
    return compares_events(estimand) or estimand.get("about") == Center.MEAN


def tell_share_of_level(estimand: Mapping[str, Any], level: float) -> str:
    """How large the smallest difference that matters is beside what is typical in the arm that is taken away."""
    share = numbers.format_number(float(f"{100 * estimand['smallest'] / abs(level):.2g}"))
    return f"that is {share} % of the typical value {_arms(estimand).second}, {numbers.format_number(level)}"


def _arms(estimand: Mapping[str, Any]) -> _Arms:
    setting, words = estimand.get("setting", ""), estimand.get("words", {})
    arms = [dict(arm) for arm in estimand.get("arms") or estimand["between"]] or [{}]
    first, second = (arms[0], arms[1]) if len(arms) > 1 else ({}, {})
    common = {
        factor: level for factor, level in arms[0].items() if len(arms) == 1 or second.get(factor, _form) == level
    }
    same = tell_arm(words, common)
    led_in = ", ".join(part for part in (f"in {setting}" if setting else "", same) if part)
    return _Arms(
        condition=f"{led_in}, " if led_in else "",
        first=tell_arm(words, _without(first, common)) or "over all",
        second=tell_arm(words, _without(second, common)) or "over all",
    )


def _without(arm: Mapping[str, object], common: Mapping[str, object]) -> dict[str, object]:
    return {factor: level for factor, level in arm.items() if factor not in common}
