from dataclasses import dataclass
from datetime import datetime

from axiom.domain.preflights import Circumstances, Preflight
from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value, to_microseconds

_RECORD = """
INSERT INTO preflight (bundle_digest, gates, ours_only, passed, reason, platform, report, created_at)
VALUES (:bundle, :gates, :ours_only, :passed, :reason, :platform, :report, :created_at)
ON CONFLICT (bundle_digest, gates) DO UPDATE SET passed = excluded.passed, reason = excluded.reason,
    platform = excluded.platform, report = excluded.report, created_at = excluded.created_at
WHERE preflight.passed = 0
"""
_OF_BUNDLE = """
SELECT *, bundle_digest AS bundle, created_at AS at FROM preflight WHERE bundle_digest = :bundle AND gates = :gates
"""
_NEWEST = """
SELECT e.id AS experiment_id, e.name, e.version, b.manifest, b.digest, p.passed, p.reason,
    EXISTS (SELECT 1 FROM preflight o WHERE o.bundle_digest = b.digest AND o.passed = 1) AS ours
FROM experiment e
JOIN bundle b ON b.experiment_id = e.id
    AND b.serial = (SELECT max(serial) FROM bundle WHERE experiment_id = e.id)
LEFT JOIN preflight p ON p.bundle_digest = b.digest AND p.gates = :gates
WHERE e.retired_at IS NULL AND e.recalled_at IS NULL ORDER BY e.id
"""
_HAS_PASSED = """
SELECT 1 FROM preflight WHERE bundle_digest = :bundle AND passed = 1 AND (ours_only = 0 OR :is_ours = 1) LIMIT 1
"""
_IS_OFFERED = """
SELECT 1 FROM bundle b JOIN preflight p ON p.bundle_digest = b.digest
WHERE b.experiment_id = :experiment_id AND p.gates = :gates AND p.passed = 1 LIMIT 1
"""
_IS_OURS = """
SELECT 1 FROM host h JOIN volunteer v ON v.id = h.volunteer_id WHERE h.id = :host_id AND v.is_ours = 1
"""
_CIRCUMSTANCES = """
SELECT EXISTS (SELECT 1 FROM volunteer WHERE is_ours = 0 AND is_simulated = 0) AS has_volunteers,
    EXISTS (SELECT 1 FROM evidence WHERE low IS NOT NULL AND high IS NOT NULL) AS has_evidence,
    EXISTS (SELECT 1 FROM host h JOIN volunteer v ON v.id = h.volunteer_id
        WHERE v.is_ours = 1 AND h.cores > 0 AND h.seen_at >= :since) AS computes_itself
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class NewestPreflight:
    experiment_id: int
    name: str
    version: int
    bundle: str
    manifest: str  # canonical JSON
    passed: bool | None
    is_ours: bool  # the laboratory's own hosts may have it
    reason: str


def record_preflight(db: Database, made: Preflight) -> bool:
    """Remember how it ended; False where the bundle had passed these gates before, which stays."""
    changed = db.execute(
        _RECORD,
        bundle=made.bundle,
        gates=made.gates,
        ours_only=int(made.ours_only),
        passed=int(made.passed),
        reason=made.reason,
        platform=made.platform,
        report=made.report,
        created_at=to_microseconds(made.at),
    )
    if changed:
        counters.note_experiment_change(db)
    return changed == 1


def find_preflight(db: Database, bundle: str, gates: str) -> Preflight | None:
    return db.value(Preflight, _OF_BUNDLE, bundle=bundle, gates=gates)


def list_newest_preflights(db: Database, gates: str) -> list[NewestPreflight]:
    return [
        as_value(NewestPreflight, row, bundle=row["digest"], is_ours=bool(row["ours"]), reason=row["reason"] or "")
        for row in db.select(_NEWEST, gates=gates)
    ]


def has_bundle_passed(db: Database, bundle: str, *, is_ours: bool = False) -> bool:
    """Did this bundle pass what was asked of it at some time: for anybody's host, or for one of our own?"""
    return db.row(_HAS_PASSED, bundle=bundle, is_ours=int(is_ours)) is not None


def is_version_offered(db: Database, experiment_id: int, gates: str) -> bool:
    """Is there a bundle of this version that other people's computers may have today?"""
    return db.row(_IS_OFFERED, experiment_id=experiment_id, gates=gates) is not None


def is_own_host(db: Database, host_id: int) -> bool:
    return db.row(_IS_OURS, host_id=host_id) is not None


def read_circumstances(db: Database, since: datetime) -> Circumstances:
    (row,) = db.select(_CIRCUMSTANCES, since=to_microseconds(since))
    return as_value(Circumstances, row)
