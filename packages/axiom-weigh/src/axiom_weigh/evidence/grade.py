"""How far does the evidence carry? Each grade asks for everything that the one below it asks for."""

import math
from dataclasses import dataclass

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence import grade_thresholds as required
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.values import Evidence, Grade, Verdict

_A_VERDICT = "a verdict: an interval that excludes “no effect”, or one that rules out any effect that matters"
_ONE_VERDICT = "designs that do not disagree: more seeds of the same ones tell more surely that they do"
NO_HOSTS = "the names of the hosts that computed it"
LEANING = "a verdict that holds without each of them"  # so begins what more seeds may mend, however many there are


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


def _for_moderate(facts: GradeFacts) -> tuple[str, ...]:
    return _needs(
        _more("seeds", facts.seeds, max(required.MODERATE_SEEDS, facts.fewest)),
        {Verdict.UNDECIDED: _A_VERDICT, Verdict.MIXED: _ONE_VERDICT}.get(facts.verdict, ""),
        f"an explanation: {facts.clones}" if facts.clones else "",
    )


def _for_strong(facts: GradeFacts) -> tuple[str, ...]:
    """Missing values need no row of their own: e-value and interval are those of the worst case already."""
    return _needs(
        _more("seeds", facts.seeds, required.count_strong_seeds(facts.verdict)),
        _e_value(facts, required.STRONG_E),
        _independence(facts),
        f"the names of the hosts that computed {facts.unnamed} of the seeds" if facts.hosts and facts.unnamed else "",
        *(f"{LEANING}: {why}" for why in facts.leaning),
        *(f"an explanation: {flag}" for flag in facts.flags),
    )


def _for_definitive(facts: GradeFacts) -> tuple[str, ...]:
    """Alone nobody gets here: other people's computers, other platforms and other designs have to say the same."""
    is_member = facts.false_share is not None and facts.false_share <= required.FALSE_SHARE
    return _needs(
        _more("seeds", facts.seeds, required.DEFINITIVE_SEEDS),
        _e_value(facts, required.DEFINITIVE_E),
        _more("hosts", facts.hosts, required.DEFINITIVE_HOSTS),
        _more("volunteers", facts.volunteers, required.DEFINITIVE_VOLUNTEERS),
        _more("platforms", facts.platforms, required.DEFINITIVE_PLATFORMS),
        _more("designs with values that differ", facts.designs, required.DEFINITIVE_DESIGNS),
        f"a verdict that a further design would share: {facts.across}" if facts.across else "",
        "" if facts.elsewhere else "a seed computed again on a second platform, and agreeing",
        "" if is_member else f"a place among all findings at a false share of {100 * required.FALSE_SHARE:.0f} %",
        "" if facts.is_registered else "a registration before the first seed",
    )


def _more(what: str, have: int, want: int) -> str:
    return f"{want} {what} ({have} so far)" if have < want else ""


def _e_value(facts: GradeFacts, want: float) -> str:
    if facts.verdict is Verdict.ABSENT or facts.e_value >= want:
        return ""
    return f"evidence of {want:,.0f} to 1 ({e_told(facts.e_value)} so far)"


def is_nearly_strong(evidence: Evidence) -> bool:
    """Could it be Strong, as far as its numbers tell, if strangers agreed?"""
    is_sure = evidence.verdict is Verdict.ABSENT or evidence.e_value >= required.STRONG_E
    is_shared = evidence.hosts >= required.STRONG_HOSTS and evidence.volunteers >= required.STRONG_VOLUNTEERS
    return (
        evidence.grade is Grade.MODERATE
        and is_sure
        and evidence.seeds >= required.count_strong_seeds(evidence.verdict)
        and is_shared
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
    if volunteers < required.STRONG_VOLUNTEERS:
        return 0
    wanted = max(required.STRANGERS_AGAIN, math.ceil(outvoted * (1.0 / required.OUTVOTED_SHARE - 1.0)))
    return max(0, min(wanted, seeds) - checks)


def _independence(facts: GradeFacts) -> str:
    """Who computes alone computes a share again; several volunteers may be in league, so strangers check more."""
    if facts.hosts == 0:
        return NO_HOSTS
    several = f"{required.STRONG_HOSTS} hosts of {required.STRONG_VOLUNTEERS} volunteers"
    if facts.is_a_stranger_alone:
        return f"{several} (so far {facts.hosts} of one, who is not us)"
    if facts.volunteers == 1 and facts.agreeing >= required.SHARE_AGAIN * facts.seeds:
        return ""
    wanted = _strangers_wanted(facts.volunteers, facts.seeds, facts.checks, facts.outvoted)
    is_many = facts.hosts >= required.STRONG_HOSTS and facts.volunteers >= required.STRONG_VOLUNTEERS
    if is_many and not wanted:
        return ""
    outvoted = f", {facts.outvoted} outvoted" if facts.outvoted else ""
    strangers = f"{facts.checks + wanted} seeds that strangers computed again, and agree"
    if is_many:
        return f"{strangers} ({facts.checks} so far{outvoted})"
    agreeing = f"{facts.agreeing} of {facts.seeds} so far"
    again = f"{100 * required.SHARE_AGAIN:.0f} % of the seeds computed again and agreeing ({agreeing})"
    computed = f"{tell_amount(facts.hosts, 'host')} of {tell_amount(facts.volunteers, 'volunteer')} so far"
    several = f"{several} ({computed})"
    return (
        f"{again}, where the laboratory computes alone; or {several}"
        if facts.volunteers == 1
        else f"{several}; and {again}"
    )


def _needs(*needs: str) -> tuple[str, ...]:
    return tuple(need for need in needs if need)
