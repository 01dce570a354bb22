"""Clusters and their pilots: keys, of which only digests are kept, and when each pilot last spoke."""

from collections.abc import Collection
from datetime import datetime, timedelta

from axiom.domain.clusters import Cluster
from axiom.domain.fleet import Capacity, Host, Platform
from axiom.domain.value import value_class
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.hosts import hosts

_END = "UPDATE cluster SET ended_at = :now WHERE id = :id AND ended_at IS NULL"
_HOST = """
SELECT p.host_id, p.session, p.heard_at, p.is_over FROM host h JOIN pilot p ON p.host_id = h.id
WHERE h.volunteer_id = :volunteer_id AND h.name = :name
"""
_MEET = """
INSERT INTO pilot (host_id, cluster_id, session, heard_at) VALUES (:host_id, :cluster_id, :session, :now)
ON CONFLICT (host_id) DO UPDATE SET session = :session, heard_at = :now, is_over = 0, is_lent = 1
"""
_SPEAKER = """
SELECT h.*, p.session, p.heard_at, p.is_over FROM pilot p JOIN host h ON h.id = p.host_id
WHERE p.host_id = :host_id AND p.cluster_id = :cluster_id
"""
_HEARD = "UPDATE pilot SET heard_at = :now, is_over = 0, is_lent = 1 WHERE host_id = :host_id"
_SILENT = "SELECT host_id FROM pilot WHERE is_lent = 1 AND heard_at < :before ORDER BY heard_at LIMIT :limit"
_CORES = """
SELECT coalesce(sum(h.cores), 0) AS cores FROM pilot p JOIN host h ON h.id = p.host_id
WHERE p.is_lent = 1 AND p.is_over = 0
"""
_BUSY = """
SELECT p.cluster_id, count(*) AS pilots, coalesce(sum(h.cores), 0) AS cores
FROM pilot p JOIN host h ON h.id = p.host_id WHERE p.heard_at > :since AND p.is_over = 0 GROUP BY p.cluster_id
"""
_FEW = 1_000  # pilots of one cluster that may say the same name


@value_class
class StoredPilot:
    host: Host
    session: str
    heard_at: datetime
    is_over: bool


def add_cluster(db: Database, *, name: str, key_digest: str, expires_at: datetime, now: datetime) -> Cluster | None:
    """Let a cluster compute, in the name of a volunteer who exists from now on; None where one had this name."""
    if find_cluster(db, name) is not None:
        return None
    volunteer = accounts.add_volunteer(db, name=f"cluster {name}", now=now)
    db.add("cluster", name=name, volunteer_id=volunteer, key_digest=key_digest, created_at=now, expires_at=expires_at)
    return find_cluster(db, name)


def list_all_clusters(db: Database) -> list[Cluster]:
    return db.values(Cluster, "SELECT * FROM cluster ORDER BY id")


def find_cluster(db: Database, name: str) -> Cluster | None:
    return db.value(Cluster, "SELECT * FROM cluster WHERE name = :name", name=name)


def find_cluster_by_key(db: Database, key_digest: str) -> Cluster | None:
    return db.value(Cluster, "SELECT * FROM cluster WHERE key_digest = :key_digest", key_digest=key_digest)


def renew_cluster_key(db: Database, cluster_id: int, *, key_digest: str, expires_at: datetime) -> None:
    db.change("cluster", cluster_id, key_digest=key_digest, expires_at=expires_at, ended_at=None)


def end_cluster(db: Database, cluster_id: int, now: datetime) -> bool:
    return bool(db.execute(_END, id=cluster_id, now=to_microseconds(now)))


def find_free_pilot_name(
    db: Database, cluster: Cluster, name: str, *, sessions: Collection[str], silent_since: datetime
) -> str:
    """The name under which a pilot computes: its own, or one with a number where another of that name is at work.

    It is the same one as before where one of its secrets is that of the pilot before it: it comes back to its folder.
    """
    for number in range(1, _FEW):
        tried = name if number == 1 else f"{name} ({number})"
        row = db.row(_HOST, volunteer_id=cluster.volunteer_id, name=tried)
        if (
            row is None
            or row["session"] in sessions
            or row["is_over"]
            or row["heard_at"] < to_microseconds(silent_since)
        ):
            return tried
    raise LookupError(f"{_FEW} pilots of {cluster.name} want to be called {name}")


def upsert_pilot(
    db: Database,
    cluster: Cluster,
    *,
    name: str,
    platform: Platform,
    capacity: Capacity,
    session: str,
    now: datetime,
) -> int:
    host_id = hosts.upsert_host(
        db, volunteer_id=cluster.volunteer_id, name=name, platform=platform, capacity=capacity, now=now
    )
    db.execute(_MEET, host_id=host_id, cluster_id=cluster.id, session=session, now=to_microseconds(now))
    return host_id


def find_pilot(db: Database, cluster: Cluster, host_id: int) -> StoredPilot | None:
    return db.read_row(
        lambda row: as_value(StoredPilot, row, host=hosts.parse_host(row)),
        _SPEAKER,
        host_id=host_id,
        cluster_id=cluster.id,
    )


def record_pilot_contact(db: Database, host_id: int, now: datetime) -> None:
    """A pilot spoke, so what it has out stays lent to it."""
    db.execute(_HEARD, host_id=host_id, now=to_microseconds(now))
    hosts.touch_host(db, host_id, now, idle=True)


def mark_pilot_over(db: Database, host_id: int, now: datetime) -> None:
    """A pilot said goodbye. What it keeps half done is lent to it a while longer: it may come back."""
    db.execute(
        "UPDATE pilot SET is_over = 1, heard_at = :now WHERE host_id = :host_id",
        host_id=host_id,
        now=to_microseconds(now),
    )


def list_silent_pilots(db: Database, before: datetime, limit: int) -> list[int]:
    return [int(row["host_id"]) for row in db.select(_SILENT, before=to_microseconds(before), limit=limit)]


def end_pilot_lease(db: Database, host_id: int) -> None:
    db.execute("UPDATE pilot SET is_lent = 0 WHERE host_id = :host_id", host_id=host_id)


def sum_pilot_cores(db: Database) -> int:
    return db.number(_CORES)


def count_working_pilots(db: Database, now: datetime, within: timedelta) -> dict[int, tuple[int, int]]:
    rows = db.select(_BUSY, since=to_microseconds(now - within))
    return {row["cluster_id"]: (row["pilots"], row["cores"]) for row in rows}
