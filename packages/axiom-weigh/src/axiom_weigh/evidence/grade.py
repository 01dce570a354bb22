"""How far does the evidence carry? Each grade asks for everything that the one below it asks for."""

from collections.abc import Sequence

from axiom_weigh.evidence import grade_thresholds as required
from axiom_weigh.evidence.grade_facts import GradeFacts
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.evidence.seeds_computed_again import tell_lacking_checks
from axiom_weigh.values import Grade, Verdict

_A_VERDICT = "a verdict: an interval that excludes “no effect”, or one that rules out any effect that matters"
_ONE_VERDICT = "designs that do not disagree: more seeds of the same ones tell more surely that they do"
LEANING, EACH_DESIGN = "a verdict that holds without each of them", "a verdict that each design shares"


def needs_more_seeds(needs: Sequence[str]) -> bool:
    """Is something needed that more seeds may bring, however many there are?"""
    return any(need.startswith((LEANING, EACH_DESIGN)) for need in needs)


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
        tell_lacking_checks(facts),
        f"the names of the hosts that computed {facts.unnamed} of the seeds" if facts.hosts and facts.unnamed else "",
        *(f"{LEANING}: {why}" for why in facts.leaning),
        f"{EACH_DESIGN}: {', '.join(facts.open_designs)} may yet lie elsewhere" if facts.open_designs else "",
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


def _needs(*needs: str) -> tuple[str, ...]:
    return tuple(need for need in needs if need)
