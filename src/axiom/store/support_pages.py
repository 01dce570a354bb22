"""Whose results stand behind which finding: counted from the observations that each finding was last weighed from."""

import threading
from collections import Counter
from collections.abc import Collection

from axiom.domain.dataclass import dataclass
from axiom.store import evidence
from axiom.store.database import Database, Row

_NEWEST = """
SELECT e.id, e.finding_number, e.line FROM finding f JOIN evidence e ON e.finding_number = f.id
    AND e.line = (SELECT max(line) FROM evidence WHERE finding_number = f.id)
ORDER BY f.id
"""

_Counted = Counter[tuple[int, ...]]  # replicates by the hosts that computed them


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How many of the replicates behind a finding some hosts have computed."""

    finding: int
    replicates: int
    of: int


class Support:
    """Replicates by host behind every finding. Evidence never changes, so each is counted once.

    Pages are made by several threads; they share one.
    """

    def __init__(self) -> None:
        self._counted: dict[int, _Counted] = {}  # by evidence
        self._lock = threading.Lock()

    def of_hosts(self, db: Database, host_ids: Collection[int]) -> list[Share]:
        """The findings that results of these hosts are in, in order."""
        wanted = frozenset(host_ids)
        shares = [
            Share(
                finding=number,
                replicates=sum(amount for hosts, amount in counted.items() if wanted.intersection(hosts)),
                of=counted.total(),
            )
            for number, counted in self._newest(db)
        ]
        return [share for share in shares if share.replicates]

    def _newest(self, db: Database) -> list[tuple[int, _Counted]]:
        with self._lock:
            rows = db.select(_NEWEST)
            self._counted = {row["id"]: self._counted.get(row["id"]) or _count(db, row) for row in rows}
            return [(row["finding_number"], self._counted[row["id"]]) for row in rows]


def _count(db: Database, row: Row) -> _Counted:
    """How many replicates with a value were computed by which hosts."""
    observed = evidence.observed(db, row["finding_number"], row["line"])
    return Counter(one.hosts for one in observed if one.value is not None and one.hosts)
