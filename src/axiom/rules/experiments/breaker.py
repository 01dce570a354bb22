"""Is a version broken? It is stopped when it fails more often than anything may, however often one looks.

One bet decides in every stage. What differs is how many must agree before a failure is laid to the version: while it is
being let out a halt costs little and a repair or a word ends it, so two do; once it is out everywhere, more.

While a version is let out, a source is a volunteer with all hosts, since anybody can attach many, and one volunteer's
failures weigh no more than those of all others together: nobody alone halts a version for all. Where one volunteer
alone computes, each host is a source and weighs as it is. So it does once a version is out: half of the hosts that can
compute must fail then, and else it would go on killing those of whoever has most.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from axiom.domain.releases import Endings, Place
from axiom.limits import experiments as limits
from axiom.rules.experiments.failure_e_value import failure_log_e
from axiom_weigh.amounts import tell_amount

_HALTS_AT = math.log(20.0)  # reached once in twenty lifetimes by a version that fails no more often than that
_HALTS_THERE_AT = math.log(60.0)  # on one platform: there are several, and each is a chance to be wrong
_TWO = 2  # sources that must fail while a version is being let out, where there are two

Sources = Mapping[Place, Endings]


def why_stop_version(by_host: Sources) -> str:
    """Why to stop a version that is out, from all endings so far; empty where it goes on.

    Hosts that break everything are not the version's fault, and they report first. So hosts count that have shown
    that they can compute; while there is none, those at which the experiment's own code raised, for anybody can attach
    hosts and let them say so. Of these the better half must fail as well, and fewer than three must have tried ten
    tasks.
    """
    hosts = list(by_host.values())
    heard = [host for host in hosts if host.is_proven] or [host for host in hosts if host.raised]
    better = sorted(heard, key=lambda host: (host.share, host.badly))[: (len(heard) + 1) // 2]
    is_enough = len(heard) >= limits.FAILING_SOURCES or _tasks(heard) >= limits.FAILING_TASKS
    is_its_own = any(host.raised for host in heard) or sum(host.badly > 0 for host in heard) >= limits.FAILING_SOURCES
    halts = is_enough and is_its_own and min(_log_e(better), _log_e(heard)) >= _HALTS_AT
    return _reason(heard, "host") if halts else ""


def why_halt_early(by_source: Sources, *, hosts: int, counts_hosts: bool) -> str:
    """Why to halt a version that is being let out to a fleet of so many hosts; empty where it goes on.

    A source that never returned anything valid is heard as long as no proven one computes the version. Two must fail
    where there are two hosts; what only kills processes on a single host is the version's when that host can do better.
    """
    sources = list(by_source.values()) if counts_hosts else _by_volunteer(by_source)
    proven = [source for source in sources if source.is_proven]
    heard = proven if any(source.well for source in proven) else sources
    failing = [source for source in heard if source.badly]
    is_enough = len(failing) >= min(_TWO, max(1, hosts))
    is_its_own = len(failing) >= _TWO or any(source.raised or source.is_proven for source in failing)
    in_vain = _failures(heard) >= limits.FAILING_IN_A_ROW and not any(source.well for source in heard)
    weighed = heard if counts_hosts else _cap(heard)
    halts = (in_vain or (is_enough and is_its_own)) and _log_e(weighed) >= _HALTS_AT
    return _reason(heard, "host" if counts_hosts else "volunteer") if halts else ""


def fails_too_often(endings: Endings) -> bool:
    """Does it fail there more often than anything may, whoever else can compute it?"""
    return _log_e([endings]) >= _HALTS_AT


def find_broken_platforms(
    by_source: Sources, why: Callable[[Sources], str], *, is_capped: bool = False
) -> dict[str, str]:
    """The platforms on which alone a version is broken, while it works elsewhere, and why.

    `why` is the decision for all platforms. Where proven sources compute the version, only proven ones are heard.
    """
    reasons: dict[str, str] = {}
    for platform in sorted({endings.platform for endings in by_source.values() if endings.badly}):
        on_platform = {place: endings for place, endings in by_source.items() if endings.platform == platform}
        rest = {place: endings for place, endings in by_source.items() if place not in on_platform}
        if not any(endings.well for endings in rest.values()) or why(rest):
            continue
        if any(endings.well and endings.is_proven for endings in rest.values()):
            on_platform = {place: endings for place, endings in on_platform.items() if endings.is_proven}
        reason, heard = why(on_platform), list(on_platform.values())
        if reason and _log_e(_cap(heard) if is_capped else heard) >= _HALTS_THERE_AT:
            reasons[platform] = reason
    return reasons


def _by_volunteer(by_source: Sources) -> list[Endings]:
    """One for each volunteer, on whatever platforms."""
    by_volunteer: dict[int, Endings] = {}
    for (volunteer, _), endings in by_source.items():
        before = by_volunteer.get(volunteer, Endings())
        by_volunteer[volunteer] = Endings(
            well=before.well + endings.well,
            badly=before.badly + endings.badly,
            raised=before.raised + endings.raised,
            is_proven=before.is_proven or endings.is_proven,
        )
    return list(by_volunteer.values())


def _cap(sources: Sequence[Endings]) -> list[Endings]:
    """The failures of each volunteer, no more than those of all others together."""
    failed = _failures(sources)
    return [replace(source, badly=min(source.badly, max(1, failed - source.badly))) for source in sources]


def _reason(sources: Sequence[Endings], noun: str) -> str:
    where = f"{'on' if noun == 'host' else 'at'} {tell_amount(len(sources), noun)}"
    share = f"{_failures(sources)} of {_tasks(sources)} tasks failed {where}"
    return f"{share}, and more than {100 * limits.FAILING_SHARE:.0f} % may not"


def _log_e(sources: Sequence[Endings]) -> float:
    return failure_log_e(_failures(sources), _tasks(sources), most=limits.FAILING_SHARE)


def _failures(sources: Iterable[Endings]) -> int:
    return sum(source.badly for source in sources)


def _tasks(sources: Iterable[Endings]) -> int:
    return sum(source.well + source.badly for source in sources)
