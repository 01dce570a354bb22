"""How far does the evidence carry? Each grade asks for everything that the one below it asks for."""

from dataclasses import dataclass

from axiom.domain.findings import Grade, Verdict

_MODERATE_SEEDS, _STRONG_SEEDS, _DEFINITIVE_SEEDS = 8, 20, 50
_STRONG_E, _DEFINITIVE_E = 1e3, 1e6
_STRONG_HOSTS, _STRONG_VOLUNTEERS = 4, 2
_DEFINITIVE_HOSTS, _DEFINITIVE_VOLUNTEERS, _DEFINITIVE_PLATFORMS = 10, 3, 2
_SHARE_AGAIN = 0.05  # of the seeds, computed again and agreeing, when one volunteer computes alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a grade is decided from."""

    verdict: Verdict
    seeds: int
    e_value: float
    hosts: int  # 0 when it is not known who computed
    volunteers: int
    platforms: int
    agreeing: int  # replicates that were computed again and agreed
    leaning: tuple[str, ...]  # on which host or volunteer alone the verdict rests
    flags: tuple[str, ...]  # what must be cleared up first


def grade(facts: Facts) -> tuple[Grade, tuple[str, ...]]:
    """Return the grade, and what is missing for the next one."""
    needs = _for_moderate(facts)
    if needs:
        return Grade.AWAITING, needs
    needs = _for_strong(facts)
    if needs:
        return Grade.MODERATE, needs
    return Grade.STRONG, _for_definitive(facts)


def _for_moderate(facts: Facts) -> tuple[str, ...]:
    undecided = facts.verdict in (Verdict.UNDECIDED, Verdict.MIXED)
    return _wanted(
        _more("seeds", facts.seeds, _MODERATE_SEEDS),
        "a verdict: an effect that is sure, or an interval so narrow that none is left" if undecided else "",
    )


def _for_strong(facts: Facts) -> tuple[str, ...]:
    """Missing values need no row of their own: e-value and interval are those of the worst case already."""
    return _wanted(
        _more("seeds", facts.seeds, _STRONG_SEEDS),
        _e_value(facts, _STRONG_E),
        _independence(facts),
        *(f"a verdict that holds without each of them: {one}" for one in facts.leaning),
        *(f"an explanation: {flag}" for flag in facts.flags),
    )


def _for_definitive(facts: Facts) -> tuple[str, ...]:
    """Never empty: designs, confirmation and the comparison of all findings are not there yet, and it says so."""
    return _wanted(
        _more("seeds", facts.seeds, _DEFINITIVE_SEEDS),
        _e_value(facts, _DEFINITIVE_E),
        _more("hosts", facts.hosts, _DEFINITIVE_HOSTS),
        _more("volunteers", facts.volunteers, _DEFINITIVE_VOLUNTEERS),
        _more("platforms", facts.platforms, _DEFINITIVE_PLATFORMS),
        "what this version cannot do yet: a fresh cohort that confirms it, four designs that agree, a seed computed "
        "again on a second platform, and a place among all findings at a false share of 1 %",
    )


def _more(what: str, have: int, want: int) -> str:
    return f"{want} {what} (now {have})" if have < want else ""


def _e_value(facts: Facts, want: float) -> str:
    if facts.verdict is Verdict.ABSENT or facts.e_value >= want:
        return ""
    return f"an e-value of {want:,.0f} (now {facts.e_value:.3g})"


def _independence(facts: Facts) -> str:
    if facts.hosts == 0:
        return "to know which hosts computed it"
    if facts.hosts >= _STRONG_HOSTS and facts.volunteers >= _STRONG_VOLUNTEERS:
        return ""
    if facts.volunteers == 1 and facts.agreeing >= _SHARE_AGAIN * facts.seeds:
        return ""
    return (
        f"{_STRONG_HOSTS} hosts of {_STRONG_VOLUNTEERS} volunteers (now {facts.hosts} of {facts.volunteers}), or, "
        f"while the laboratory computes alone, {_SHARE_AGAIN:.0%} of the seeds computed again and agreeing "
        f"(now {facts.agreeing} of {facts.seeds})"
    )


def _wanted(*needs: str) -> tuple[str, ...]:
    return tuple(need for need in needs if need)
