"""When will a block close, and a finding have its next grade? From how fast hosts compute and bring results."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.decisions.planning.candidates import Candidate
from axiom.decisions.planning.fill import Filling
from axiom.domain.amounts import counted
from axiom.domain.planning import Closing, Supply
from axiom.domain.sessions import Allotment

_LEAST_PACE = 0.01
_NEXT = 16  # blocks of one registration that are told of


def closings(candidates: Sequence[Candidate], allotments: Sequence[Allotment], filling: Filling) -> tuple[Closing, ...]:
    """Every block that is ordered and not weighed, the first to close first; those that nobody computes come last."""
    more: dict[tuple[int, int], int] = defaultdict(int)
    for allotment in allotments:
        more[allotment.experiment_id, allotment.registration_id or 0] += allotment.workunits * allotment.replicates_each
    paces = _paces(candidates, filling)
    usual = _usual([host.supply for host in filling.hosts])
    found = [
        closing
        for candidate in candidates
        if candidate.aims
        for closing in _closings(
            candidate, more[candidate.key], paces[candidate.key] + candidate.in_progress * usual, usual
        )
    ]
    return tuple(sorted(found, key=lambda one: (one.seconds is None, one.seconds or 0.0, one.experiment_id, one.block)))


def _closings(one: Candidate, more: int, pace: float, usual: float) -> list[Closing]:
    """One for each of the next blocks; `pace` is how many seconds of a reference core are computed in a second."""
    weighed = one.issued - one.pending if one.weighed is None else one.weighed
    first, last = weighed // one.block, -(-(one.issued + more) // one.block)
    back = weighed + one.returned
    found = []
    for number in range(first, min(last, first + _NEXT)):
        end = (number + 1) * one.block
        left = max(0, min(end, one.issued + more) - back)
        seconds = None
        if end > one.issued + more:
            reason = f"still to be ordered of it: {counted(end - one.issued - more, 'replicate')}"
        elif pace <= 0 and left:
            reason = "no host computes it at the moment"
        else:
            seconds = 0.0 if not left else max(one.costs / max(_LEAST_PACE, usual), left * one.costs / pace)
            reason = f"{counted(left, 'replicate')} up to its end, computed as fast as by {pace:.3g} reference cores"
        found.append(
            Closing(
                experiment_id=one.experiment_id,
                registration_id=one.registration_id,
                name=one.name,
                block=number,
                replicates_left=max(0, min(end, one.issued + more) - max(back, number * one.block)),
                seconds=seconds,
                reason=reason,
            )
        )
    return found


def _paces(candidates: Sequence[Candidate], filling: Filling) -> Mapping[tuple[int, int], float]:
    """Reference seconds a second that the hosts bring to each candidate of which they would get tasks."""
    found: dict[tuple[int, int], float] = {candidate.key: 0.0 for candidate in candidates}
    for host in filling.hosts:
        for key, tasks in host.given.items():
            found[key] += tasks * _pace(host.supply)
    return found


def _usual(supplies: Sequence[Supply]) -> float:
    """Of one core, on average over the fleet; 0 where there is none."""
    there = [supply for supply in supplies if not supply.obstacle]
    cores = sum(one.cores for one in there)
    return sum(_pace(one) * one.cores for one in there) / cores if cores else 0.0


def _pace(supply: Supply) -> float:
    return max(_LEAST_PACE, supply.speed) * max(_LEAST_PACE, supply.availability)


_LATE = timedelta(hours=1)  # without a result for so long, nothing flows
_FARTHEST = timedelta(days=3_650)
_SIZES = ((60.0, 1.0, "s"), (60.0, 60.0, "min"), (24.0, 3_600.0, "h"), (math.inf, 86_400.0, "days"))  # up to so many


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How fast the cells of a version come back."""

    per_second: float
    reason: str = ""  # why it is not known; then the number is 0


def pace(cells: int, first: datetime | None, last: datetime | None, now: datetime) -> Pace:
    """The pace of the newest cells, of which the first and the last came then; unknown where nothing flows."""
    if cells < 2 or first is None or last is None:
        return Pace(per_second=0.0, reason="too few results have come")
    if now - last > _LATE:
        return Pace(per_second=0.0, reason="no result came in the last hour")
    span = max((last - first).total_seconds(), 1e-6)
    return Pace(per_second=(cells - 1) / span)


def expected(found: Pace, cells: float | None) -> str:
    """In how long so many more cells should be here, in words."""
    if cells is None:
        return "unknown, since more replicates do not help"
    if found.per_second <= 0:
        return f"unknown, since {found.reason}"
    seconds = cells / found.per_second
    if seconds > _FARTHEST.total_seconds():
        return "not in ten years at this pace"
    # As it is told: 59.96 s are a minute, and never 60.0 s.
    size, name = next((each for each in _SIZES if round(seconds / each[1], 1) < each[0]), _SIZES[-1])[1:]
    return f"in about {seconds / size:.1f} {name}" if seconds >= 1 else "within a second"
