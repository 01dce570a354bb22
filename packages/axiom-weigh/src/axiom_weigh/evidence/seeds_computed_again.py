"""Who must compute seeds again before a finding is Strong, and how many of them?"""

import math

from axiom_weigh.amounts import tell_amount
from axiom_weigh.evidence import grade_thresholds as required
from axiom_weigh.evidence.grade_facts import GradeFacts
from axiom_weigh.values import Evidence, Grade, Verdict

NO_HOSTS = "the names of the hosts that computed it"


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


def tell_lacking_checks(facts: GradeFacts) -> str:
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
