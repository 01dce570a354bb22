"""Which question does the autopilot see that it cannot ask itself? It writes one of them down as an idea.

Its own proposals stay within what the files declare. Where an effect reaches the end of a declared range, or where
nothing that may be asked tests an explanation, somebody else has to think.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from axiom.domain.headlines.names_in_words import name_factor
from axiom.domain.headlines.untrusted_text import strip_controls
from axiom.domain.proposals import AUTOPILOT, Idea
from axiom.laboratory.proposals.rules.base_rates import BaseRates
from axiom.laboratory.proposals.rules.rival_explanations import propose_comparison
from axiom.laboratory.proposals.rules.subject import Subject, find_axis
from axiom_weigh.values import Grade

_SHARE = (0.0, 1.0)  # a range that a share has: nothing lies beyond its ends
_LONGEST_CLAIM = 200  # letters of a claim that are repeated


@dataclass(frozen=True, kw_only=True, slots=True)
class UntestedExplanation:
    """A link that says that one finding explains another, and that no finding tests."""

    link: int
    source: int
    target: int


def next_idea(
    subjects: Sequence[Subject], explanations: Sequence[UntestedExplanation], noted: Collection[str]
) -> Idea | None:
    """The first question that cannot be asked and was not noted, by what it is about; its reason is in `why`."""
    settled = sorted((subject for subject in subjects if _is_over(subject)), key=lambda subject: subject.number)
    for idea in (*_beyond(settled), *_untested(settled, explanations)):
        if idea.basis not in noted:
            return idea
    return None


def _is_over(subject: Subject) -> bool:
    """Is it decided, so that what follows from it is known?"""
    return subject.status == "open" and (subject.is_settled or subject.has_ended)


def _beyond(subjects: Sequence[Subject]) -> Iterator[Idea]:
    """An effect that is there up to an end of what its file allows: of each end once, whichever finding reaches it."""
    for subject in subjects:
        along = find_axis(subject) if subject.has_effect and subject.evidence.grade is not Grade.AWAITING else None
        if along is None:
            continue
        low, high = (float(end) for end in subject.manifest.ranges[along.factor])
        if along.levels[-1] >= high and (low, high) != _SHARE:
            yield _past(subject, along.factor, "above", high)
        if along.levels[0] <= low and low > 0:  # most factors have nothing below zero
            yield _past(subject, along.factor, "below", low)


def _past(subject: Subject, factor: str, side: str, end: float) -> Idea:
    named = name_factor(subject.worded, factor)
    return Idea(
        question=f"What becomes of finding {subject.number} with {named} {side} {end:g}?",
        why=f"Finding {subject.number} says: {_quoted(subject.answer)}. It was asked with {named} {end:g}, and there "
        f"ends the range that its file declares. To ask what comes {side} that, somebody must publish a version with "
        "a wider range.",
        by=AUTOPILOT,
        basis=f"beyond {subject.experiment} {factor} {side} {end:g}",
        finding=subject.number,
    )


def _untested(subjects: Sequence[Subject], explanations: Sequence[UntestedExplanation]) -> Iterator[Idea]:
    """An explanation that no finding tests, where no follow-up within what is declared would tell."""
    by_number = {subject.number: subject for subject in subjects}
    for explanation in sorted(explanations, key=lambda explanation: explanation.link):
        source, target = by_number.get(explanation.source), by_number.get(explanation.target)
        if source is None or target is None or any(propose_comparison(source, target, BaseRates())):
            continue
        yield Idea(
            question=f"What would we see if finding {source.number} did not explain finding {target.number}?",
            why=f"Finding {source.number} says: {_quoted(source.answer)}. Somebody said that it explains finding "
            f"{target.number}: {_quoted(target.answer)}. No finding tests this, and nothing that the files allow to "
            "be asked tells the two apart.",
            by=AUTOPILOT,
            basis=f"explanation {explanation.link}",
            finding=target.number,
        )


def _quoted(claim: str) -> str:
    """A claim as somebody else's words: on one line, without signs that cannot be printed, and not too long."""
    plain = " ".join(strip_controls(claim).split())
    return f"“{plain if len(plain) <= _LONGEST_CLAIM else plain[: _LONGEST_CLAIM - 1] + '…'}”"
