"""Which hosts look wrong? Silent, failing, copied or flooding: each with its reason and with what follows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from axiom.domain.failures import ObservedHost
from axiom.limits import hosts as limits
from axiom_weigh.amounts import tell_amount
from axiom_weigh.grouping import group_pairs

_LATELY = timedelta(days=1)
_LEAST_QUOTA = 1


class HostTrouble(StrEnum):
    SILENT = "silent"  # has tasks and is not heard from
    FAILING = "failing"  # its quota has been halved until little was left
    COPIED = "copied"  # its client's folder is on another computer, too
    FLOODING = "flooding"  # makes hosts, or asks, far more often than any client does


@dataclass(frozen=True, kw_only=True, slots=True)
class Suspect:
    """A host that looks wrong, why, and to how many tasks an hour and core it is held down from now on."""

    host_id: int
    trouble: HostTrouble
    reason: str
    quota: int | None = None  # None: it stays as it is


def find_suspects(
    hosts: Sequence[ObservedHost], now: datetime, *, listening: datetime | None = None
) -> tuple[Suspect, ...]:
    """Decide about all hosts at once, since a copy and a flood show only beside others.

    `listening` is since when the laboratory has been up: before that nobody could be heard.
    """
    volunteers = group_pairs((host.volunteer_id, host) for host in hosts if not host.is_ours)
    suspicions = [suspicion for host in hosts for suspicion in _alone(host, now, listening)]
    for theirs in volunteers.values():
        suspicions += _copied(theirs, now)
        suspicions += _crowd(theirs, now)
    # Whoever floods is held down for that, not for failing.
    flooding = {suspicion.host_id for suspicion in suspicions if suspicion.trouble is HostTrouble.FLOODING}
    suspicions = [
        suspicion
        for suspicion in suspicions
        if not (suspicion.trouble is HostTrouble.FAILING and suspicion.host_id in flooding)
    ]
    return tuple(sorted(suspicions, key=lambda suspicion: (suspicion.host_id, suspicion.trouble)))


def _alone(host: ObservedHost, now: datetime, listening: datetime | None) -> Iterator[Suspect]:
    since = max(moment for moment in (host.seen_at, host.oldest_sent, listening) if moment is not None)
    if host.out and now - since > limits.SUSPECT_AFTER_SILENT:
        reason = f"it has {tell_amount(host.out, 'task')} and was last heard from {_hours(now - host.seen_at)} ago"
        yield Suspect(host_id=host.host_id, trouble=HostTrouble.SILENT, reason=reason)
    if host.quota is not None and host.quota <= limits.TASKS_AN_HOUR_AND_CORE // 4 and not host.valid_in_row:
        gets = f"{tell_amount(host.quota, 'task')} an hour and core"
        reason = f"it gets {gets}, and none since has been valid; each that is doubles it"
        yield Suspect(host_id=host.host_id, trouble=HostTrouble.FAILING, reason=reason)
    age = max(now, host.seen_at) - host.created_at
    if not host.is_ours and host.contacts >= limits.FLOODS_FROM and age < host.contacts * limits.FLOODS_BELOW:
        reason = f"its client has called {host.contacts} times in {_hours(age)}, against what it is told"
        yield _held_down(host, reason)


def _copied(theirs: Sequence[ObservedHost], now: datetime) -> Iterator[Suspect]:
    """Two computers of one name, both heard from of late; one that came back under a new number is gone by then."""
    named = group_pairs((host.cpid, host) for host in theirs if host.cpid and now - host.seen_at < _LATELY)
    for alike in named.values():
        newest = max(alike, key=lambda host: host.host_id)
        for host in alike:
            if len(alike) > 1 and any(_overlap(host, other) for other in alike if other is not host):
                about = next(twin for twin in alike if twin is not host) if host is newest else newest
                reason = f"its client's folder is that of host {about.host_id}, too: two computers, counted as two"
                yield Suspect(host_id=host.host_id, trouble=HostTrouble.COPIED, reason=reason)


def _overlap(host: ObservedHost, other: ObservedHost) -> bool:
    """Was each of them heard from after the other had come?"""
    return host.seen_at > other.created_at and other.seen_at > host.created_at


def _crowd(theirs: Sequence[ObservedHost], now: datetime) -> Iterator[Suspect]:
    """Far more new hosts of one volunteer than anybody attaches: those that have shown nothing get least."""
    new = [host for host in theirs if now - host.created_at < _LATELY]
    if len(new) <= limits.SUSPECT_ABOVE_NEW:
        return
    for host in new:
        if not host.valid_in_row:
            yield _held_down(host, f"it is one of {len(new)} hosts that its volunteer has attached within a day")


def _held_down(host: ObservedHost, reason: str) -> Suspect:
    quota = _LEAST_QUOTA if host.quota is None or host.quota > _LEAST_QUOTA else None
    return Suspect(host_id=host.host_id, trouble=HostTrouble.FLOODING, reason=reason, quota=quota)


def _hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):.0f} h"
