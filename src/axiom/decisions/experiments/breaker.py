"""Is a version broken? It is stopped when it fails more often than anything may, however often one looks.

One bet decides in every stage. What differs is how many must agree before a failure is laid to the version: while it is
being let out a halt costs little and a repair or a word ends it, so two do; once it is out everywhere, more.

While a version is let out, a source is a volunteer with all hosts, since anybody can attach many, and one volunteer's
failures weigh no more than those of all others together: nobody alone halts a version for all. Where one volunteer
alone computes, each host is a source and weighs as it is. So it does once a version is out: half of the hosts that can
compute must fail then, and else it would go on killing those of whoever has most.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from axiom.domain.amounts import counted as amount_of
from axiom.domain.releases import PILOT_TASKS, Came, Place
from axiom.statistics.failure_rate import failure_log_e

__all__ = ["MOST_FAILING", "Broken", "Came", "broken", "broken_early", "broken_there", "fails_here"]

MOST_FAILING = 0.1  # of its tasks; more is for whoever wrote it to mend
_HALTS_AT = math.log(20.0)  # reached once in twenty lifetimes by a version that fails no more often than that
_HALTS_THERE_AT = math.log(60.0)  # on one platform: there are several, and each is a chance to be wrong
_ENOUGH_SOURCES = 3  # that must fail before what only kills processes is laid to the version
_ENOUGH_TASKS = 10  # of fewer sources: one computer's trouble comes in rows, and the others have not reported yet
_TWO = 2  # sources that must fail while a version is being let out, where there are two
_IN_ROW = 5  # tasks of which none works anywhere, whoever says what
_WELL_ELSEWHERE = 3  # tasks, before a version is broken on one platform alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """Whether to stop the version, and why."""

    halts: bool
    reason: str


def broken(by_host: Mapping[Place, Came], *, ordered: int) -> Broken:
    """Decide from all endings so far, of a version of which so many workunits were ordered in all.

    Hosts that break everything are not the version's fault, and they report first. So hosts count that have shown
    that they can compute; while there is none, those at which the experiment's own code raised, for anybody can attach
    hosts and let them say so. Of these the better half must fail as well, and fewer than three must have tried ten
    tasks. A pilot is left alone, since it is stopped where it is let out, and a repair can still save it.
    """
    if ordered <= PILOT_TASKS:
        return Broken(halts=False, reason="it is in its pilot, which stops by itself")
    hosts = list(by_host.values())
    counted = [came for came in hosts if came.is_proven] or [came for came in hosts if came.raised]
    better = sorted(counted, key=lambda came: (came.share, came.badly))[: (len(counted) + 1) // 2]
    if _is_enough(counted) and _is_its_own(counted) and min(_log_e(better), _log_e(counted)) >= _HALTS_AT:
        return _halts(counted, counts_hosts=True)
    return _goes_on(counted, counts_hosts=True)


def broken_early(by_source: Mapping[Place, Came], *, hosts: int, counts_hosts: bool) -> Broken:
    """Decide while it is being let out to a fleet of so many hosts.

    A source that never returned anything valid is heard as long as no proven one computes the version. Two must fail
    where there are two hosts; what only kills processes on a single host is the version's when that host can do better.
    """
    sources = _sources(by_source, counts_hosts=counts_hosts)
    proven = [came for came in sources if came.is_proven]
    counted = proven if any(came.well for came in proven) else sources
    failing = [came for came in counted if came.badly]
    is_enough = len(failing) >= min(_TWO, max(1, hosts))
    is_its_own = len(failing) >= _TWO or any(one.raised or one.is_proven for one in failing)
    in_vain = _failed(counted) >= _IN_ROW and not any(came.well for came in counted)
    if (in_vain or (is_enough and is_its_own)) and _log_e(_fair(counted, counts_hosts=counts_hosts)) >= _HALTS_AT:
        return _halts(counted, counts_hosts=counts_hosts)
    return _goes_on(counted, counts_hosts=counts_hosts)


def fails_here(came: Came) -> bool:
    """Does it fail there more often than anything may, whoever else can compute it?"""
    return _log_e([came]) >= _HALTS_AT


def broken_there(
    by_source: Mapping[Place, Came], *, ordered: int | None, counts_hosts: bool = False, hosts: int = 0
) -> dict[str, str]:
    """The platforms on which alone a version is broken, while it works elsewhere, and why. None ordered: let out.

    Where proven sources compute it, only proven ones are heard.
    """
    found: dict[str, str] = {}
    for platform in sorted({came.platform for came in by_source.values() if came.badly}):
        there = {host: came for host, came in by_source.items() if came.platform == platform}
        rest = {host: came for host, came in by_source.items() if host not in there}
        least = 1 if ordered is None else _WELL_ELSEWHERE
        if sum(came.well for came in rest.values()) < least or _decided(rest, ordered, hosts, counts_hosts).halts:
            continue
        if any(came.well and came.is_proven for came in rest.values()):
            there = {host: came for host, came in there.items() if came.is_proven}
        decided = _decided(there, ordered, hosts, counts_hosts)
        weighed = _fair(list(there.values()), counts_hosts=counts_hosts or ordered is not None)
        if decided.halts and _log_e(weighed) >= _HALTS_THERE_AT:
            found[platform] = decided.reason
    return found


def _decided(by_source: Mapping[Place, Came], ordered: int | None, hosts: int, counts_hosts: bool) -> Broken:
    if ordered is None:
        return broken_early(by_source, hosts=hosts, counts_hosts=counts_hosts)
    return broken(by_source, ordered=ordered)


def _sources(by_source: Mapping[Place, Came], *, counts_hosts: bool) -> list[Came]:
    """One for each volunteer, on whatever platforms."""
    if counts_hosts:
        return list(by_source.values())
    found: dict[int, Came] = {}
    for (volunteer, _), came in by_source.items():
        before = found.get(volunteer, Came())
        found[volunteer] = Came(
            well=before.well + came.well,
            badly=before.badly + came.badly,
            raised=before.raised + came.raised,
            is_proven=before.is_proven or came.is_proven,
        )
    return list(found.values())


def _fair(counted: Sequence[Came], *, counts_hosts: bool) -> Sequence[Came]:
    """What each has to say, one volunteer no more than all others together."""
    if counts_hosts:
        return counted
    failed = _failed(counted)
    return [replace(came, badly=min(came.badly, max(1, failed - came.badly))) for came in counted]


def _halts(counted: Sequence[Came], *, counts_hosts: bool) -> Broken:
    return Broken(halts=True, reason=f"{_share(counted, counts_hosts)}, and more than {MOST_FAILING:.0%} may not")


def _goes_on(counted: Sequence[Came], *, counts_hosts: bool) -> Broken:
    share = _share(counted, counts_hosts)
    return Broken(halts=False, reason=f"{share}, which does not show that more than {MOST_FAILING:.0%} do")


def _share(counted: Sequence[Came], counts_hosts: bool) -> str:
    where = f"on {amount_of(len(counted), 'host')}" if counts_hosts else f"at {amount_of(len(counted), 'volunteer')}"
    return f"{_failed(counted)} of {_of(counted)} tasks failed {where}"


def _is_enough(counted: Sequence[Came]) -> bool:
    return len(counted) >= _ENOUGH_SOURCES or _of(counted) >= _ENOUGH_TASKS


def _is_its_own(counted: Sequence[Came]) -> bool:
    """Did its own code say so, or do enough hosts fail that can do better?"""
    return any(came.raised for came in counted) or sum(came.badly > 0 for came in counted) >= _ENOUGH_SOURCES


def _log_e(came: Sequence[Came]) -> float:
    return failure_log_e(_failed(came), _of(came), most=MOST_FAILING)


def _failed(came: Sequence[Came]) -> int:
    return sum(one.badly for one in came)


def _of(came: Sequence[Came]) -> int:
    return _failed(came) + sum(one.well for one in came)
