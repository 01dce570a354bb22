"""May a bundle go to other people's computers? And which one is tried next, so that nobody waits for it in vain?"""

from collections.abc import Sequence
from dataclasses import dataclass

from axiom.domain.preflights import Attempt, Circumstances, Demands, Tried
from axiom.domain.work import Outcome

_MEND = "Mend the file and publish it again; the repaired bundle is tried anew"


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """Yes or no, and why."""

    passed: bool
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Untried:
    """A bundle without a preflight, and what it would cost."""

    bundle: str
    name: str
    seconds: float  # of a reference core, for its sweep once


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """The bundle to try now, if any, and why."""

    bundle: str | None
    reason: str


def judge(attempt: Attempt, demands: Demands) -> Judged:
    """Every config must have ended well, within its time, and twice the same."""
    for tried in attempt.first:
        if problem := fault_of(tried, demands):
            return Judged(passed=False, reason=f"{problem}. {_MEND}.")
    first = {tried.config: tried for tried in attempt.first}
    for tried in attempt.again:
        if problem := fault_again(tried, first.get(tried.config), demands):
            return Judged(passed=False, reason=f"{problem}. {_MEND}.")
    if attempt.fault:
        return Judged(passed=False, reason=attempt.fault)
    wanted = set(range(len(demands.configs)))
    if first.keys() != wanted or {tried.config for tried in attempt.again} != wanted:
        twice = len(first.keys() & {tried.config for tried in attempt.again})
        return Judged(
            passed=False,
            reason=f"only {twice} of {len(wanted)} configs were computed twice. Start the preflight again.",
        )
    counted = "1 config" if len(wanted) == 1 else f"{len(wanted)} configs"
    return Judged(
        passed=True, reason=f"{counted}, each finite, within its time and memory, and twice the same in every bit"
    )


def may_order(newest: bool | None, *, is_offered: bool, is_for_volunteer: bool) -> Judged:
    """May more of an experiment be ordered? `newest`: whether its newest bundle passed, None before its preflight.

    The laboratory's own hosts compute what its operator wrote, tried or not; but nobody is asked for more of what is
    known to be broken, and nothing is meant for a volunteer's host that it could not get.
    """
    if newest is False:
        return Judged(passed=False, reason="its preflight failed")
    if is_for_volunteer and not is_offered:
        return Judged(passed=False, reason="it waits for its preflight, before which it goes to no volunteer")
    if not is_offered:
        return Judged(
            passed=True, reason="it waits for its preflight; until then only the laboratory's own hosts get it"
        )
    return Judged(passed=True, reason="any host may have it")


def fault_of(tried: Tried, demands: Demands) -> str:
    """What is wrong with one config as it was computed, or nothing."""
    if not 0 <= tried.config < len(demands.configs):
        return f"config {tried.config} is none of the {len(demands.configs)} of the sweep"
    where, allowed = in_words(tried.config, demands), demands.allowed_seconds[tried.config]
    match tried.outcome:
        case Outcome.FAILED:
            return f"{where} raises {tried.error}"
        case Outcome.DIVERGED:
            what = " and ".join(tried.missing) or "a measure"
            return f"{where} is not finite: {what} left the real numbers, and a measure that may be missing is None"
        case Outcome.LATE:
            return f"{where} took longer than the {allowed:.0f} s that a host allows it by what it declares"
        case Outcome.OK:
            pass
    if tried.cpu_seconds > allowed:
        return f"{where} took {tried.cpu_seconds:.0f} s of a processor, and {allowed:.0f} s are allowed"
    return ""


def fault_again(tried: Tried, first: Tried | None, demands: Demands) -> str:
    """What is wrong with one config as it was computed again, or nothing."""
    if problem := fault_of(tried, demands):
        return f"computed again in a fresh process, {problem}"
    if first is not None and first.digest != tried.digest:
        return (
            f"{in_words(tried.config, demands)} computed again with the same seed in a fresh process gives other "
            "numbers: something besides config and seed enters (the clock, a set's order, a global generator)"
        )
    return ""


def in_words(config: int, demands: Demands) -> str:
    """A config as a person says it."""
    levels = ", ".join(f"{name} {value}" for name, value in demands.configs[config].items())
    return f"config {config} ({levels})"


def choose(waiting: Sequence[Untried], circumstances: Circumstances) -> Choice:
    """The cheapest one that waits; but not while it would hold up the laboratory's own first answers."""
    if not waiting:
        return Choice(bundle=None, reason="no bundle waits for its preflight")
    cheapest = min(waiting, key=lambda one: (one.seconds, one.name))
    if circumstances.has_volunteers:
        why = "volunteers get nothing of it before"
    elif circumstances.has_evidence:
        why = "the laboratory has its first answers"
    elif not circumstances.computes_itself:
        why = "nothing of the laboratory's own is held up by it"
    else:
        return Choice(bundle=None, reason="the laboratory's own first answers come before, and no volunteer waits")
    return Choice(bundle=cheapest.bundle, reason=f"{cheapest.name} waits for its preflight: {why}")
