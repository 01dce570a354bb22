"""Which failures belong together? One version, one cause, one line that raised, one kind of host."""

from collections.abc import Mapping, Sequence

from axiom.domain.endings import Cause
from axiom.domain.failures import EndingCount, FailureGroup


def grouped(
    failed: Sequence[EndingCount], worked: Mapping[int, Mapping[int, frozenset[str]]]
) -> tuple[FailureGroup, ...]:
    """The groups, the newest first. `worked`: by version, the hosts that compute it well and their platforms."""
    found: dict[tuple[int, Cause, str, str], list[EndingCount]] = {}
    for one in failed:
        found.setdefault((one.experiment_id, one.cause, one.raised, one.platform), []).append(one)
    made = [_group(rows, worked.get(rows[0].experiment_id, {})) for rows in found.values()]
    return tuple(sorted(made, key=lambda group: (group.last_at, group.last_task), reverse=True))


def _group(rows: Sequence[EndingCount], worked: Mapping[int, frozenset[str]]) -> FailureGroup:
    amounts: dict[int, int] = {}
    for row in rows:
        amounts[row.host_id] = amounts.get(row.host_id, 0) + row.amount
    newest = max(rows, key=lambda row: (row.last_at, row.last_task))
    return FailureGroup(
        experiment_id=newest.experiment_id,
        cause=newest.cause,
        raised=newest.raised,
        platform=newest.platform,
        by_host=tuple(amounts.items()),
        first_at=min(row.first_at for row in rows),
        last_at=newest.last_at,
        last_task=newest.last_task,
        works_on=tuple(worked),
        works_here=sum(newest.platform in platforms for platforms in worked.values()),
    )
