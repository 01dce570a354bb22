"""Whose results stand behind which finding: counted from the observations that each finding was last weighed from."""

import threading
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from axiom.store.engine.database import Database, Row
from axiom.store.findings import evidence
from axiom_weigh.grouping import group_pairs

_NEWEST = """
SELECT e.id, e.finding_number, e.line FROM finding f JOIN evidence e ON e.finding_number = f.id
    AND e.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
ORDER BY f.id
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Supporters:
    replicates: Mapping[tuple[int, ...], int]
    of_host: Mapping[int, list[tuple[int, ...]]]  # the hosts of replicates to which this one contributed
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SupportShare:
    finding: int
    replicates: int
    of: int


class SupportCounter:
    """Replicates by host behind every finding. Evidence never changes, so each is counted once.

    Pages are made by several threads; they share one.
    """

    def __init__(self) -> None:
        self._counted: dict[int, _Supporters] = {}  # by evidence
        self._lock = threading.Lock()

    def of_hosts(self, db: Database, host_ids: Collection[int]) -> list[SupportShare]:
        wanted = frozenset(host_ids)
        return [
            SupportShare(
                finding=number,
                replicates=sum(counted.replicates[hosts] for hosts in _replicates_of(counted, wanted)),
                of=counted.total,
            )
            for number, counted in self._newest(db)
            if not wanted.isdisjoint(counted.of_host)
        ]

    def findings_by_host(self, db: Database) -> dict[int, list[int]]:
        return group_pairs((host, number) for number, counted in self._newest(db) for host in counted.of_host)

    def _newest(self, db: Database) -> list[tuple[int, _Supporters]]:
        with self._lock:
            rows = db.select(_NEWEST)
            self._counted = {row["id"]: self._counted.get(row["id"]) or _count(db, row) for row in rows}
            return [(row["finding_number"], self._counted[row["id"]]) for row in rows]


def _replicates_of(counted: _Supporters, wanted: frozenset[int]) -> set[tuple[int, ...]]:
    return {hosts for host in counted.of_host.keys() & wanted for hosts in counted.of_host[host]}


def _count(db: Database, row: Row) -> _Supporters:
    observed = evidence.read_observations(db, row["finding_number"], row["line"])
    replicates = Counter(
        observation.hosts for observation in observed if observation.value is not None and observation.hosts
    )
    of_host = group_pairs((host, hosts) for hosts in replicates for host in hosts)
    return _Supporters(replicates=replicates, of_host=of_host, total=replicates.total())
