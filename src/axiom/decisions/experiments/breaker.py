"""Is a version broken? It is stopped when it fails more often than anything may, however often one looks.

One bet decides in every stage. What differs is how many hosts must agree before a failure is laid to the version: while
it is being let out a halt costs little and a repair or a word ends it, so two do; once it is out everywhere, more.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.releases import PILOT_TASKS, Came, Place
from axiom.statistics.failure_rate import failure_log_e

__all__ = ["MOST_FAILING", "Broken", "Came", "broken", "broken_early", "broken_there"]

MOST_FAILING = 0.1  # of its tasks; more is for whoever wrote it to mend
_HALTS_AT = math.log(20.0)  # reached once in twenty lifetimes by a version that fails no more often than that
_HALTS_THERE_AT = math.log(60.0)  # on one platform: there are several, and each is a chance to be wrong
_ENOUGH_HOSTS = 3  # that must fail before what only kills processes is laid to the version
_ENOUGH_TASKS = 10  # of fewer hosts: one computer's trouble comes in rows, and the others have not reported yet
_TWO = 2  # hosts that must fail while a version is being let out, where there are two
_IN_ROW = 5  # tasks of which none works anywhere, whoever says what
_WELL_ELSEWHERE = 3  # tasks, before a version is broken on one platform alone


@dataclass(frozen=True, kw_only=True, slots=True)
class Broken:
    """Whether to stop the version, and why."""

    halts: bool
    reason: str


def broken(by_host: Mapping[Place, Came], *, ordered: int) -> Broken:
    """Decide from all endings so far, of a version of which so many workunits were ordered in all.

    Hosts that break everything are not the version's fault, and they report first. So hosts count that have shown that
    they can compute; while there is none, those on which the experiment's own code raised, for anybody can attach hosts
    and let them say so. Of these the better half must fail as well, and fewer than three hosts must have tried ten
    tasks. A pilot is left alone, since it is stopped where it is let out, and a repair can still save it.
    """
    if ordered <= PILOT_TASKS:
        return Broken(halts=False, reason="it is in its pilot, which stops by itself")
    proven = [came for came in by_host.values() if came.is_proven]
    counted = proven or [came for came in by_host.values() if came.raised]
    better = sorted(counted, key=lambda came: (came.share, came.badly))[: (len(counted) + 1) // 2]
    if _is_enough(counted) and _is_its_own(counted) and min(_log_e(better), _log_e(counted)) >= _HALTS_AT:
        return _halts(counted)
    return _goes_on(counted)


def broken_early(by_host: Mapping[Place, Came], *, hosts: int) -> Broken:
    """Decide while it is being let out to a fleet of so many hosts.

    A host that never returned anything valid is heard as long as no proven one computes the version. Two hosts must
    fail where there are two; what only kills processes on a single host is the version's when that host can do better.
    """
    proven = [came for came in by_host.values() if came.is_proven]
    counted = proven if any(came.well for came in proven) else list(by_host.values())
    failing = [came for came in counted if came.badly]
    is_enough = len(failing) >= min(_TWO, max(1, hosts))
    is_its_own = len(failing) >= _TWO or any(one.raised or one.is_proven for one in failing)
    in_vain = _failed(counted) >= _IN_ROW and not any(came.well for came in counted)
    if (in_vain or (is_enough and is_its_own)) and _log_e(counted) >= _HALTS_AT:
        return _halts(counted)
    return _goes_on(counted)


def broken_there(by_host: Mapping[Place, Came], *, ordered: int | None, hosts: int = 0) -> dict[str, str]:
    """The platforms on which alone a version is broken, while it works elsewhere, and why. None ordered: let out.

    Where proven hosts compute it, only proven ones are heard.
    """
    found: dict[str, str] = {}
    for platform in sorted({came.platform for came in by_host.values() if came.badly}):
        there = {host: came for host, came in by_host.items() if came.platform == platform}
        rest = {host: came for host, came in by_host.items() if host not in there}
        least = 1 if ordered is None else _WELL_ELSEWHERE
        if sum(came.well for came in rest.values()) < least or _decided(rest, ordered, hosts).halts:
            continue
        if any(came.well and came.is_proven for came in rest.values()):
            there = {host: came for host, came in there.items() if came.is_proven}
        decided = _decided(there, ordered, hosts)
        if decided.halts and _log_e(list(there.values())) >= _HALTS_THERE_AT:
            found[platform] = decided.reason
    return found


def _decided(by_host: Mapping[Place, Came], ordered: int | None, hosts: int) -> Broken:
    return broken_early(by_host, hosts=hosts) if ordered is None else broken(by_host, ordered=ordered)


def _halts(counted: Sequence[Came]) -> Broken:
    return Broken(halts=True, reason=f"{_share(counted)}, and more than {MOST_FAILING:.0%} may not")


def _goes_on(counted: Sequence[Came]) -> Broken:
    return Broken(halts=False, reason=f"{_share(counted)}, which does not show that more than {MOST_FAILING:.0%} do")


def _share(counted: Sequence[Came]) -> str:
    return f"{_failed(counted)} of {_of(counted)} tasks failed on {len(counted)} host{'' if len(counted) == 1 else 's'}"


def _is_enough(counted: Sequence[Came]) -> bool:
    return len(counted) >= _ENOUGH_HOSTS or _of(counted) >= _ENOUGH_TASKS


def _is_its_own(counted: Sequence[Came]) -> bool:
    """Did its own code say so, or do enough hosts fail that can do better?"""
    return any(came.raised for came in counted) or sum(came.badly > 0 for came in counted) >= _ENOUGH_HOSTS


def _log_e(came: Sequence[Came]) -> float:
    return failure_log_e(_failed(came), _of(came), most=MOST_FAILING)


def _failed(came: Sequence[Came]) -> int:
    return sum(one.badly for one in came)


def _of(came: Sequence[Came]) -> int:
    return _failed(came) + sum(one.well for one in came)
