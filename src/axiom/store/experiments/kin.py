"""What texts compute, which of them are kin, and what of a text's kin was run."""

import json
from array import array
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from axiom.domain.preflights import Code, DraftState, KinRun, Kinship
from axiom.store.engine.database import Database, Row, from_microseconds, to_microseconds

# A text is kin of itself. Some are kin of what the same author wrote alone.
_NEAR = """
near (digest, share, reason) AS (
    SELECT :digest, 1.0, 'it is the same text'
    UNION ALL SELECT k.other, k.share, k.reason FROM kin k WHERE k.digest = :digest AND (k.of_author = 0
        OR EXISTS (SELECT 1 FROM draft d WHERE d.digest = k.other AND d.author = :author)))
"""
# What is mended in its costs alone is the same try as before.
_REPLACED = "EXISTS (SELECT 1 FROM draft s WHERE s.costs_of = d.id AND s.ordered_at IS NOT NULL)"
_TRIED_DRAFTS = f"""
WITH {_NEAR}
SELECT d.id, d.name, d.author, d.ordered_at, d.passed, d.dropped_at, n.share, n.reason
FROM near n JOIN draft d ON d.digest = n.digest
WHERE d.ordered_at <= :until AND d.id <> :without AND NOT {_REPLACED} ORDER BY n.share DESC, d.id
"""
# What Axiom brings along was computed before: what came of that stands in its file.
_EXPERIMENTS = f"""
WITH {_NEAR}
SELECT c.shipped AS name, n.share, n.reason FROM near n JOIN code c ON c.digest = n.digest WHERE c.shipped <> ''
UNION
SELECT e.name || '@' || e.version, n.share, n.reason
FROM near n JOIN code c ON c.digest = n.digest JOIN bundle b ON b.code = n.digest
JOIN experiment e ON e.id = b.experiment_id
WHERE c.shipped = '' AND (
    e.ran <> '' AND e.created_at <= :until
    OR EXISTS (SELECT 1 FROM preflight p
        WHERE p.bundle_digest = b.digest AND p.ours_only = 0 AND p.created_at <= :until)
    OR EXISTS (SELECT 1 FROM result r WHERE r.experiment_id = e.id AND r.created_at <= :until))
ORDER BY 2 DESC, 1
"""
# Kin of kin, as far as drafts go: forty small steps are one family.
_FAMILY = """
WITH RECURSIVE family (digest) AS (
    SELECT :digest UNION
    SELECT k.other FROM family f JOIN kin k ON k.digest = f.digest JOIN draft d ON d.digest = k.other
    WHERE k.of_author = 0 OR d.author = :author)
SELECT digest FROM family
"""
_TRIED_OF = f"""
SELECT d.id, d.name, d.author, d.ordered_at, d.passed, d.dropped_at, 0.0 AS share, 'it is kin of its kin' AS reason
FROM draft d WHERE d.digest IN (SELECT value FROM json_each(:digests)) AND d.ordered_at <= :until
    AND NOT {_REPLACED} ORDER BY d.id
"""
# Of what nobody could read, something was computed that may be kin.
_UNREAD_RUNS = """
SELECT DISTINCT e.name || '@' || e.version AS version FROM bundle b JOIN experiment e ON e.id = b.experiment_id
WHERE b.code IS NULL AND (
    EXISTS (SELECT 1 FROM preflight p WHERE p.bundle_digest = b.digest AND p.ours_only = 0 AND p.created_at <= :until)
    OR EXISTS (SELECT 1 FROM result r WHERE r.experiment_id = e.id AND r.created_at <= :until))
ORDER BY version
"""
_SAME_NUMBERS = """
INSERT INTO kin (digest, other, share, reason, of_author) VALUES (:digest, :other, :share, :reason, 0)
ON CONFLICT (digest, other) DO UPDATE SET share = excluded.share, reason = excluded.reason, of_author = 0
"""
_CODE_OF = "SELECT code FROM bundle WHERE experiment_id = :experiment_id ORDER BY serial DESC LIMIT 1"
_PUBLISHED = """
SELECT name || '@' || version AS version FROM experiment WHERE name = :name AND created_at <= :until
ORDER BY experiment.version DESC LIMIT 1
"""
_HAS_RUN = """
SELECT 1 WHERE EXISTS (SELECT 1 FROM preflight p JOIN bundle b ON b.digest = p.bundle_digest
    WHERE b.experiment_id = :experiment_id AND p.ours_only = 0 AND p.created_at <= :until)
OR EXISTS (SELECT 1 FROM result r WHERE r.experiment_id = :experiment_id AND r.created_at <= :until)
OR EXISTS (SELECT 1 FROM experiment e WHERE e.id = :experiment_id AND e.ran <> '')
"""


def list_codes(db: Database) -> dict[str, Code]:
    """What every text that was read computes, by its digest."""
    return {row["digest"]: _code(row) for row in db.select("SELECT * FROM code")}


def is_text_read(db: Database, digest: str) -> bool:
    return db.row("SELECT 1 FROM code WHERE digest = :digest", digest=digest) is not None


def is_text_readable(db: Database, digest: str) -> bool:
    """Do its parts tell what it computes? True of a text that nobody has read."""
    return db.row("SELECT 1 FROM code WHERE digest = :digest AND is_readable = 0", digest=digest) is None


def list_text_numbers(db: Database) -> dict[str, frozenset[str]]:
    """What each text gave at the seeds that all preflights share, by its digest; only those that gave any."""
    rows = db.select("SELECT digest, numbers FROM code WHERE numbers <> '[]'")
    return {row["digest"]: frozenset(json.loads(row["numbers"])) for row in rows}


def store_text_numbers(db: Database, digest: str, numbers: Collection[str], kin: Mapping[str, Kinship]) -> None:
    """Write down what a text gave, and the texts that gave the same, whatever was known of their code."""
    values = json.dumps(sorted(numbers))
    db.execute("UPDATE code SET numbers = :numbers WHERE digest = :digest", numbers=values, digest=digest)
    for other, kinship in kin.items():
        facts = {"share": kinship.share, "reason": kinship.reason}
        db.execute(_SAME_NUMBERS, digest=digest, other=other, **facts)
        db.execute(_SAME_NUMBERS, digest=other, other=digest, **facts)


def store_code(db: Database, digest: str, code: Code, shipped: str, kin: Mapping[str, Kinship]) -> None:
    """Write down what a text computes, and to which texts it is kin."""
    parts = array("Q", sorted(code.parts)).tobytes()
    readable = int(code.is_readable)
    db.add("code", digest=digest, parts=parts, fields=code.fields, shipped=shipped, is_readable=readable)
    for other, kinship in kin.items():
        row = {"share": kinship.share, "reason": kinship.reason, "of_author": int(kinship.of_author)}
        db.add("kin", digest=digest, other=other, **row)
        db.add("kin", digest=other, other=digest, **row)


def list_unread_bundles(db: Database) -> list[tuple[str, str]]:
    """The bundles of whose text nobody knows what it computes, each with its experiment's name."""
    rows = db.select(
        "SELECT b.digest, e.name FROM bundle b JOIN experiment e ON e.id = b.experiment_id WHERE b.code IS NULL"
    )
    return [(row["digest"], row["name"]) for row in rows]


def list_unread_runs(db: Database, until: datetime) -> list[str]:
    """The versions that ran by then of which nobody knows what they compute."""
    return [row["version"] for row in db.select(_UNREAD_RUNS, until=to_microseconds(until))]


def set_bundle_code(db: Database, bundle: str, digest: str) -> None:
    """This is the text of a bundle."""
    db.execute("UPDATE bundle SET code = :code WHERE digest = :digest", code=digest, digest=bundle)


def find_experiment_code(db: Database, experiment_id: int) -> str | None:
    """The digest of a version's newest text, where it was read."""
    return db.scalar(str, _CODE_OF, experiment_id=experiment_id)


def has_version_run(db: Database, experiment_id: int, until: datetime) -> bool:
    """Was anything of this very version computed?"""
    return db.row(_HAS_RUN, experiment_id=experiment_id, until=to_microseconds(until)) is not None


def find_published_version(db: Database, name: str, until: datetime) -> str:
    """The newest version that was published under a name by then, whatever it computes; empty where none was."""
    return db.scalar(str, _PUBLISHED, name=name, until=to_microseconds(until)) or ""


def list_kin_runs(db: Database, digest: str, author: str, until: datetime, *, without: int = 0) -> list[KinRun]:
    """What of a text's kin was run, the nearest first; `without`: a draft that does not count."""
    facts = {"digest": digest, "author": author, "until": to_microseconds(until)}
    drafts = [_tried(row) for row in db.select(_TRIED_DRAFTS, **facts, without=without)]
    computed = [
        KinRun(name=row["name"], share=row["share"], reason=row["reason"]) for row in db.select(_EXPERIMENTS, **facts)
    ]
    return sorted([*drafts, *computed], key=lambda run: -run.share)


def list_tried_drafts(db: Database, digests: Sequence[str], until: datetime) -> list[KinRun]:
    """The drafts with one of these texts that were tried."""
    rows = db.select(_TRIED_OF, digests=json.dumps(list(digests)), until=to_microseconds(until))
    return [_tried(row) for row in rows]


def find_text_family(db: Database, digest: str, author: str) -> list[str]:
    """This text, its kin, and their kin, as far as they are drafts."""
    return [row["digest"] for row in db.select(_FAMILY, digest=digest, author=author)]


def _tried(row: Row) -> KinRun:
    state = DraftState.WAITING if row["passed"] is None else DraftState.PASSED if row["passed"] else DraftState.FAILED
    return KinRun(
        name=row["name"],
        draft=row["id"],
        author=row["author"],
        state=DraftState.DROPPED if row["dropped_at"] else state,
        at=from_microseconds(row["ordered_at"]),
        share=row["share"],
        reason=row["reason"],
    )


def _code(row: Row) -> Code:
    parts = array("Q")
    parts.frombytes(row["parts"])
    return Code(
        parts=frozenset(parts),
        fields=row["fields"],
        is_readable=bool(row["is_readable"]),
        is_shipped=bool(row["shipped"]),
    )
