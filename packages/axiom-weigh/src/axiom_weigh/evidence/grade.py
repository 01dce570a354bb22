"""How far does the evidence carry? Each grade asks for everything that the one below it asks for."""

import math
from dataclasses import dataclass

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.values import Evidence, Grade, Verdict

_MODERATE_SEEDS, _STRONG_SEEDS, _DEFINITIVE_SEEDS = 8, 20, 50
_STRONG_ABSENT_SEEDS = 59  # in so many a collapse in one of twenty is seen, with 95 %
_MODERATE_E, _STRONG_E, _DEFINITIVE_E = 20.0, 1e3, 1e6  # below the first nothing is claimed at all
_STRONG_HOSTS, _STRONG_VOLUNTEERS = 4, 2
_DEFINITIVE_HOSTS, _DEFINITIVE_VOLUNTEERS, _DEFINITIVE_PLATFORMS = 10, 3, 2
_DEFINITIVE_DESIGNS = 4
_FALSE_SHARE = 0.01  # of the findings of the whole laboratory that are as sure as this one
_A_VERDICT = "a verdict: an interval that excludes “no effect”, or one that rules out any effect that matters"
_ONE_VERDICT = "designs that do not disagree: more seeds of the same ones tell more surely that they do"
NO_HOSTS = "the names of the hosts that computed it"
LEANING = "a verdict that holds without each of them"  # so begins what more seeds may mend, however many there are
_SHARE_AGAIN = 0.05  # of the seeds, computed again and agreeing, where one volunteer computes alone
_STRANGERS_AGAIN = 20  # checks of seeds by strangers, who agree, where several volunteers compute
_OUTVOTED_SHARE = 0.02  # of the seeds computed again; above it nobody knows how many of the others are wrong


@dataclass(frozen=True, kw_only=True, slots=True)
class GradeFacts:
    """What a grade is decided from."""

    verdict: Verdict
    seeds: int
    e_value: float
    hosts: int  # 0 when it is not known who computed
    volunteers: int
    platforms: int
    agreeing: int  # replicates that were surely computed again and agreed
    checks: int = 0  # how often a seed was computed again and agreed
    outvoted: int = 0  # replicates that two others computed otherwise, and alike
    leaning: tuple[str, ...]  # on which host or volunteer alone the verdict rests
    flags: tuple[str, ...]  # what must be cleared up first
    clones: str = ""  # values that are copies of another seed's: nothing is concluded before that is cleared up
    designs: int = 1  # of which it is known where they lie, and how surely: they tell of a further one
    across: str = ""  # why the verdict cannot be expected of a further design; empty: it can
    elsewhere: int = 0  # replicates that were computed again on another platform and agreed
    false_share: float | None = None  # the finding is among the laboratory's at this share of false ones
    is_registered: bool = True
    unnamed: int = 0  # seeds of which nobody knows who computed them
    fewest: int = 0  # seeds that can have a verdict, however large the effect
    is_a_stranger_alone: bool = False  # one volunteer computed all of it, and it is not the laboratory


def grade_evidence(facts: GradeFacts) -> tuple[Grade, tuple[str, ...]]:
    """Return the grade, and what is missing for the next one."""
    needs = _for_moderate(facts)
    if needs:
        return Grade.AWAITING, needs
    needs = _for_strong(facts)
    if needs:
        return Grade.MODERATE, needs
    needs = _for_definitive(facts)
    return (Grade.STRONG, needs) if needs else (Grade.DEFINITIVE, ())


def find_next_requirements(reached: Grade, verdict: Verdict = Verdict.UNDECIDED) -> tuple[int, float] | None:
    """Return the seeds and the e-value that the grade above this one asks for; None for the last one."""
    return {
        Grade.AWAITING: (_MODERATE_SEEDS, _MODERATE_E),
        Grade.MODERATE: (_strong_seeds(verdict), _STRONG_E),
        Grade.STRONG: (_DEFINITIVE_SEEDS, _DEFINITIVE_E),
    }.get(reached)


def _for_moderate(facts: GradeFacts) -> tuple[str, ...]:
    return _needs(
        _more("seeds", facts.seeds, max(_MODERATE_SEEDS, facts.fewest)),
        {Verdict.UNDECIDED: _A_VERDICT, Verdict.MIXED: _ONE_VERDICT}.get(facts.verdict, ""),
        f"an explanation: {facts.clones}" if facts.clones else "",
    )


def _for_strong(facts: GradeFacts) -> tuple[str, ...]:
    """Missing values need no row of their own: e-value and interval are those of the worst case already."""
    return _needs(
        _more("seeds", facts.seeds, _strong_seeds(facts.verdict)),
        _e_value(facts, _STRONG_E),
        _independence(facts),
        f"the names of the hosts that computed {facts.unnamed} of the seeds" if facts.hosts and facts.unnamed else "",
        *(f"{LEANING}: {why}" for why in facts.leaning),
        *(f"an explanation: {flag}" for flag in facts.flags),
    )


def _for_definitive(facts: GradeFacts) -> tuple[str, ...]:
    """Alone nobody gets here: other people's computers, other platforms and other designs have to say the same."""
    is_member = facts.false_share is not None and facts.false_share <= _FALSE_SHARE
    return _needs(
        _more("seeds", facts.seeds, _DEFINITIVE_SEEDS),
        _e_value(facts, _DEFINITIVE_E),
        _more("hosts", facts.hosts, _DEFINITIVE_HOSTS),
        _more("volunteers", facts.volunteers, _DEFINITIVE_VOLUNTEERS),
        _more("platforms", facts.platforms, _DEFINITIVE_PLATFORMS),
        _more("designs with values that differ", facts.designs, _DEFINITIVE_DESIGNS),
        f"a verdict that a further design would share: {facts.across}" if facts.across else "",
        "" if facts.elsewhere else "a seed computed again on a second platform, and agreeing",
        "" if is_member else "a place among all findings at a false share of 1 %",
        "" if facts.is_registered else "a registration before the first seed",
    )


def _strong_seeds(verdict: Verdict) -> int:
    return _STRONG_ABSENT_SEEDS if verdict is Verdict.ABSENT else _STRONG_SEEDS


def _more(what: str, have: int, want: int) -> str:
    return f"{want} {what} ({have} so far)" if have < want else ""


def _e_value(facts: GradeFacts, want: float) -> str:
    if facts.verdict is Verdict.ABSENT or facts.e_value >= want:
        return ""
    return f"evidence of {want:,.0f} to 1 ({e_told(facts.e_value)} so far)"


def is_nearly_strong(evidence: Evidence) -> bool:
    """Could it be Strong, as far as its numbers tell, if strangers agreed?"""
    is_sure = evidence.verdict is Verdict.ABSENT or evidence.e_value >= _STRONG_E
    is_shared = evidence.hosts >= _STRONG_HOSTS and evidence.volunteers >= _STRONG_VOLUNTEERS
    return (
        evidence.grade is Grade.MODERATE and is_sure and evidence.seeds >= _strong_seeds(evidence.verdict) and is_shared
    )


def checks_wanted(evidence: Evidence, outvoted: int) -> int:
    """How many more seeds strangers should compute again, of a finding that could be Strong but for that."""
    if not is_nearly_strong(evidence):
        return 0
    checks = sum(agreement.agreed for agreement in evidence.agreements)
    return _strangers_wanted(evidence.volunteers, evidence.seeds, checks, outvoted)


def _strangers_wanted(volunteers: int, seeds: int, checks: int, outvoted: int) -> int:
    """How many more seeds strangers must compute again before what several volunteers computed is Strong.

    A league that returns what it likes is not seen in the values. It is seen where a stranger, drawn at random,
    computes one of its seeds: 20 that agree show that at most a few are wrong. Where some were outvoted, it takes more.
    """
    if volunteers < _STRONG_VOLUNTEERS:
        return 0
    wanted = max(_STRANGERS_AGAIN, math.ceil(outvoted * (1.0 / _OUTVOTED_SHARE - 1.0)))
    return max(0, min(wanted, seeds) - checks)


def _independence(facts: GradeFacts) -> str:
    """Who computes alone computes a share again; several volunteers may be in league, so strangers check more."""
    if facts.hosts == 0:
        return NO_HOSTS
    if facts.is_a_stranger_alone:
        return f"{_STRONG_HOSTS} hosts of {_STRONG_VOLUNTEERS} volunteers (so far {facts.hosts} of one, who is not us)"
    if facts.volunteers == 1 and facts.agreeing >= _SHARE_AGAIN * facts.seeds:
        return ""
    wanted = _strangers_wanted(facts.volunteers, facts.seeds, facts.checks, facts.outvoted)
    is_many = facts.hosts >= _STRONG_HOSTS and facts.volunteers >= _STRONG_VOLUNTEERS
    if is_many and not wanted:
        return ""
    outvoted = f", {facts.outvoted} outvoted" if facts.outvoted else ""
    strangers = f"{facts.checks + wanted} seeds that strangers computed again, and agree"
    if is_many:
        return f"{strangers} ({facts.checks} so far{outvoted})"
    agreeing = f"{facts.agreeing} of {facts.seeds} so far"
    again = f"{100 * _SHARE_AGAIN:.0f} % of the seeds computed again and agreeing ({agreeing})"
    computed = f"{tell_amount(facts.hosts, 'host')} of {tell_amount(facts.volunteers, 'volunteer')} so far"
    several = f"{_STRONG_HOSTS} hosts of {_STRONG_VOLUNTEERS} volunteers ({computed})"
    return (
        f"{again}, where the laboratory computes alone; or {several}"
        if facts.volunteers == 1
        else f"{several}; and {again}"
    )


def _needs(*needs: str) -> tuple[str, ...]:
    return tuple(need for need in needs if need)
