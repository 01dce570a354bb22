"""Which of the answers that a file declares does a question get, and how sure is it?"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from axiom.domain.estimands import Kind
from axiom.domain.evidence import VOID
from axiom.domain.experiments import Headline
from axiom.domain.headlines.finding_sentences import SIDES, SIZE_OPEN, WeighedNumber, is_size_open
from axiom_weigh.values import Grade, Verdict

_SOME_SIZE_OPEN = "some of that may be too little to matter"


class GradedNumber(WeighedNumber, Protocol):
    @property
    def grade(self) -> Grade: ...


def choose_headline(headlines: Sequence[Headline], measured: Mapping[str, WeighedNumber]) -> Headline | None:
    """The first answer of a file that says of each estimand it speaks of what its finding says; None is undecided."""
    sides = {name: SIDES[number.verdict] for name, number in measured.items() if number.verdict in SIDES}
    return next((headline for headline in headlines if headline.when.items() <= sides.items()), None)


def choose_answer(
    headlines: Sequence[Headline],
    own: Mapping[str, WeighedNumber],
    recorded: Mapping[str, WeighedNumber],
    denied: Collection[str] = (),
) -> tuple[Headline | None, bool]:
    """What this laboratory's numbers say; else what the makers' say, while none of it is denied: then it is True."""
    if headline := choose_headline(headlines, own):
        return headline, False
    headline = choose_headline(headlines, recorded)
    if headline is None or not headline.when.keys().isdisjoint(denied):
        return None, False
    return headline, True


def find_denied(own: Iterable[tuple[str, str, Verdict]], recorded: Mapping[str, WeighedNumber]) -> set[str]:
    """Of which estimands the makers' numbers are not told: an own finding of it says otherwise, or is void.

    Each own one by its estimand, status and verdict. A void one says nothing; but what is wrong with it may be wrong
    with the makers' numbers too, which are of the same file.
    """
    return {
        name
        for name, status, verdict in own
        if status in VOID or (name in recorded and verdict.is_decided and verdict is not recorded[name].verdict)
    }


def compose_headline(headline: Headline, *, open_sizes: int) -> str:
    """What a file lets an answer say, and no more than its numbers do, of some of which the size may be open."""
    if not open_sizes:
        return headline.says
    return f"{headline.says}; {SIZE_OPEN if open_sizes == len(headline.when) else _SOME_SIZE_OPEN}"


def compose_title(question: str, headline: Headline | None, *, open_sizes: int, is_decided: bool) -> str:
    """What stands for a question wherever it is named by its answer."""
    if headline:
        return compose_headline(headline, open_sizes=open_sizes)
    return f"{question} {'Decided, test by test' if is_decided else 'Not decided yet'}"


def are_all_decided(own: Mapping[str, WeighedNumber]) -> bool:
    """Then a question without a headline has an answer for which its file has no sentence."""
    return bool(own) and all(number.verdict.is_decided for number in own.values())


def choose_pictured_estimand(names: Collection[str], estimands: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Of these that whose repetitions show most: a share of them has but two heights."""
    carrying = [estimand for estimand in estimands if estimand["name"] in names]
    return min(carrying, key=lambda estimand: estimand["kind"] == Kind.PROPORTION)


def count_open_sizes(estimands: Sequence[Mapping[str, Any]], carrying: Mapping[str, WeighedNumber]) -> int:
    """Of how many numbers that carry an answer it is open whether they are large enough to matter."""
    declared = {estimand["name"]: estimand for estimand in estimands}
    return sum(is_size_open(declared[name], number) for name, number in carrying.items())


def grade_answer(carrying: Mapping[str, GradedNumber]) -> Grade:
    """How sure an answer is: as the least sure of the numbers that carry it."""
    return min((number.grade for number in carrying.values()), key=list(Grade).index, default=Grade.AWAITING)
