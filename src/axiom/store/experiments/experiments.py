"""Versions of experiments, their bundles, and the seeds that were given out for them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine import counters
from axiom.store.engine.database import Database, as_value, to_microseconds
from axiom.store.registrations import seed_secrets

STATUSES = ("open", "retired", "recalled")
_BY_NAME = "SELECT * FROM experiment WHERE name = :name AND version = :version"
_MOST_DIGITS = 9  # of a version, fewer than the database can hold
_NEWEST = "SELECT * FROM experiment WHERE name = :name ORDER BY version DESC LIMIT 1"
_OPEN = """
SELECT e.id, e.name FROM experiment e
WHERE e.retired_at IS NULL AND e.recalled_at IS NULL
    AND e.version = (SELECT max(version) FROM experiment WHERE name = e.name)
ORDER BY e.name
"""
_RETIRE = "UPDATE experiment SET retired_at = :now, why = :why WHERE id = :id AND retired_at IS NULL"
_BUNDLE_NOW = "SELECT * FROM bundle WHERE experiment_id = :experiment_id ORDER BY serial DESC LIMIT 1"
_NEWEST_BUNDLES = """
SELECT b.* FROM bundle b WHERE b.serial = (SELECT max(serial) FROM bundle WHERE experiment_id = b.experiment_id)
"""
_PASSED_BUNDLES = """
SELECT b.* FROM bundle b WHERE b.serial = (
    SELECT max(o.serial) FROM bundle o JOIN preflight p ON p.bundle_digest = o.digest
    WHERE o.experiment_id = b.experiment_id AND p.gates = :gates AND p.passed = 1)
"""
_OWN_BUNDLES = """
SELECT b.* FROM bundle b WHERE b.serial = (
    SELECT max(o.serial) FROM bundle o JOIN preflight p ON p.bundle_digest = o.digest
    WHERE o.experiment_id = b.experiment_id AND p.passed = 1)
"""
_DECLARE_NEWEST = """
UPDATE experiment SET manifest = (
    SELECT manifest FROM bundle WHERE experiment_id = :id ORDER BY serial DESC LIMIT 1
) WHERE id = :id
"""
_STAMP = """
SELECT (SELECT amount FROM counter WHERE noun = 'experiment' AND experiment_id = 0 AND state = 'changed') AS changes,
    (SELECT max(id) FROM experiment) AS experiment,
    (SELECT digest FROM bundle ORDER BY id DESC LIMIT 1) AS bundle,
    (SELECT hash FROM registration ORDER BY id DESC LIMIT 1) AS registration
"""
_BUNDLES_OF = "SELECT * FROM bundle WHERE experiment_id = :experiment_id ORDER BY serial"
_NEXT_NUMBER = "SELECT coalesce(max(number) + 1, 0) AS number FROM replicate WHERE experiment_id = :experiment_id"
_SEEDS = """
SELECT p.seed FROM json_each(:numbers) j
CROSS JOIN replicate p ON p.experiment_id = :experiment_id AND p.number = j.value ORDER BY j.key
"""
_ISSUED_WITH = """
SELECT p.number, p.seed, p.registration_id FROM json_each(:numbers) j
CROSS JOIN replicate p ON p.experiment_id = :experiment_id AND p.number = j.value
"""
_NEVER_SENT = """
SELECT j.value FROM json_each(:numbers) j WHERE NOT EXISTS (
    SELECT 1 FROM workunit w JOIN json_each(w.replicates) n JOIN task t ON t.workunit_id = w.id
    WHERE w.registration_id = :registration_id AND w.highest >= j.value AND n.value = j.value
        AND t.sent_at IS NOT NULL)
"""
_RENEW = "UPDATE replicate SET seed = :seed WHERE experiment_id = :experiment_id AND number = :number"
_NUMBERS = "SELECT number FROM replicate WHERE experiment_id = :experiment_id"
_GAPS = """
SELECT amount FROM counter WHERE noun = :noun AND experiment_id = :experiment_id AND state = :state
"""
_ISSUED_TO = "SELECT state, amount FROM counter WHERE noun = 'issued' AND experiment_id = :experiment_id"
_GIVEN_TO = "SELECT registration_id FROM replicate WHERE experiment_id = :experiment_id AND number = :number"
_REOPEN = """
UPDATE experiment SET retired_at = NULL, why = '' WHERE id = :id AND retired_at IS NOT NULL AND recalled_at IS NULL
"""
_RECALL = "UPDATE experiment SET recalled_at = :now WHERE id = :id AND recalled_at IS NULL"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredExperiment:
    id: int
    name: str
    version: int
    manifest: str  # canonical JSON: what its newest bundle declares, which may say more than the first did
    created_at: datetime
    retired_at: datetime | None
    recalled_at: datetime | None
    why: str = ""  # why it was retired
    ran: str = ""  # what a mark beside its file says of runs outside of this laboratory

    @property
    def whole_name(self) -> str:
        """Name and version, as in tiny_sum@1."""
        return f"{self.name}@{self.version}"

    @property
    def status(self) -> str:
        if self.recalled_at:
            return "recalled"
        return "retired" if self.retired_at else "open"


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredBundle:
    id: int
    experiment_id: int
    serial: int
    digest: str
    seal: str
    manifest: str  # canonical JSON
    expires_at: datetime
    created_at: datetime


def list_experiment_versions(db: Database) -> list[StoredExperiment]:
    return db.values(StoredExperiment, "SELECT * FROM experiment ORDER BY id")


def find_experiment(db: Database, experiment_id: int) -> StoredExperiment | None:
    return db.value(StoredExperiment, "SELECT * FROM experiment WHERE id = :id", id=experiment_id)


def find_experiment_by_name(db: Database, name: str, version: int | None = None) -> StoredExperiment | None:
    row = db.row(_NEWEST, name=name) if version is None else db.row(_BY_NAME, name=name, version=version)
    return as_value(StoredExperiment, row) if row else None


def resolve_experiment_name(db: Database, text: str) -> StoredExperiment | None:
    """What NAME or NAME@2 means; nothing where it is not there, also where the version is no number that one has."""
    name, _, version = text.partition("@")
    if not version:
        return find_experiment_by_name(db, name)
    is_number = version.isascii() and version.isdecimal() and len(version) <= _MOST_DIGITS
    return find_experiment_by_name(db, name, int(version)) if is_number else None


def list_open_experiments(db: Database) -> dict[str, int]:
    return {row["name"]: row["id"] for row in db.select(_OPEN)}


def add_experiment(db: Database, *, name: str, version: int, manifest: str, now: datetime, ran: str = "") -> int:
    """`ran`: what a mark beside its file says of runs outside of the laboratory."""
    counters.note_experiment_change(db)
    return db.add("experiment", name=name, version=version, manifest=manifest, created_at=to_microseconds(now), ran=ran)


def retire_experiment(db: Database, experiment_id: int, now: datetime, why: str = "") -> bool:
    counters.note_experiment_change(db)
    return db.execute(_RETIRE, id=experiment_id, now=to_microseconds(now), why=why) == 1


def reopen_experiment(db: Database, experiment_id: int) -> bool:
    """More of a retired version may be ordered again. What was recalled stays so."""
    counters.note_experiment_change(db)
    return db.execute(_REOPEN, id=experiment_id) == 1


def mark_experiment_recalled(db: Database, experiment_id: int, now: datetime) -> bool:
    counters.note_experiment_change(db)
    return db.execute(_RECALL, id=experiment_id, now=to_microseconds(now)) == 1


def read_experiment_stamp(db: Database) -> tuple[object, ...]:
    """Differs from what it was when an experiment, a bundle or a registration has been added or changed since."""
    row = db.row(_STAMP)
    return tuple(row.values()) if row else ()


def has_bundles(db: Database) -> bool:
    return db.number("SELECT EXISTS (SELECT 1 FROM bundle)") == 1


def list_bundles(db: Database) -> list[StoredBundle]:
    return db.values(StoredBundle, "SELECT * FROM bundle ORDER BY id")


def list_experiment_bundles(db: Database, experiment_id: int) -> list[StoredBundle]:
    return db.values(StoredBundle, _BUNDLES_OF, experiment_id=experiment_id)


def find_newest_bundle(db: Database, experiment_id: int) -> StoredBundle | None:
    return db.value(StoredBundle, _BUNDLE_NOW, experiment_id=experiment_id)


def list_newest_bundles(db: Database) -> list[StoredBundle]:
    return db.values(StoredBundle, _NEWEST_BUNDLES)


def list_passed_bundles(db: Database, gates: str) -> list[StoredBundle]:
    return db.values(StoredBundle, _PASSED_BUNDLES, gates=gates)


def list_own_bundles(db: Database) -> list[StoredBundle]:
    """For each version the newest bundle that our own hosts may have: it passed some gates, if not all."""
    return db.values(StoredBundle, _OWN_BUNDLES)


def find_bundle(db: Database, digest: str) -> StoredBundle | None:
    return db.value(StoredBundle, "SELECT * FROM bundle WHERE digest = :digest", digest=digest)


def add_bundle(
    db: Database,
    *,
    experiment_id: int,
    serial: int,
    digest: str,
    seal: str,
    manifest: str,
    expires_at: datetime,
    now: datetime,
) -> int:
    counters.note_experiment_change(db)
    added = db.add(
        "bundle",
        experiment_id=experiment_id,
        serial=serial,
        digest=digest,
        seal=seal,
        manifest=manifest,
        expires_at=to_microseconds(expires_at),
        created_at=to_microseconds(now),
    )
    db.execute(_DECLARE_NEWEST, id=experiment_id)
    return added


def renew_seal(db: Database, bundle_id: int, seal: str, expires_at: datetime) -> None:
    counters.note_experiment_change(db)
    db.change("bundle", bundle_id, seal=seal, expires_at=expires_at)


def renumber_bundle(db: Database, bundle: StoredBundle, *, serial: int, seal: str, expires_at: datetime) -> None:
    """An earlier bundle becomes the newest of its version: the same bytes under the next serial."""
    counters.note_experiment_change(db)
    db.change("bundle", bundle.id, serial=serial, seal=seal, expires_at=expires_at)
    db.execute(_DECLARE_NEWEST, id=bundle.experiment_id)


def issue_replicates(
    db: Database, experiment: StoredExperiment, registration_id: int, amount: int, now: datetime
) -> tuple[int, ...]:
    """The next replicate numbers of this version, issued once and for ever to this registration."""
    gaps = _gaps(db, experiment.id)[:amount]
    first = find_next_replicate(db, experiment.id)
    numbers = (*gaps, *range(first, first + amount - len(gaps)))
    seeds = seed_secrets.make_seeds(db, experiment.name, experiment.version, registration_id, numbers, now)
    _issue(db, experiment, registration_id, dict(zip(numbers, seeds, strict=True)))
    if gaps:
        counters.add_to_counter(db, *_missing(experiment.id), -len(gaps))
    return numbers


def renew_seeds(
    db: Database, experiment: StoredExperiment, registration_id: int, numbers: Sequence[int], now: datetime
) -> None:
    """Numbers that no computer was sent get a seed that nobody knows, where their own was revealed meanwhile."""
    words = {"registration_id": registration_id, "numbers": json.dumps(list(numbers))}
    unsent = db.column(int, _NEVER_SENT, **words)
    seeds = dict(zip(unsent, read_seeds(db, experiment.id, unsent), strict=True))
    revealed = seed_secrets.list_known_numbers(db, experiment.name, experiment.version, registration_id, seeds)
    renewed = seed_secrets.make_seeds(db, experiment.name, experiment.version, registration_id, revealed, now)
    db.execute_many(
        _RENEW,
        [
            {"experiment_id": experiment.id, "number": number, "seed": seed}
            for number, seed in zip(revealed, renewed, strict=True)
        ],
    )


def restore_replicates(
    db: Database, experiment: StoredExperiment, registration_id: int, seeds: Mapping[int, int]
) -> None:
    """These numbers were issued before, with these seeds, and it was forgotten.

    What lies between is issued again, before any new one.
    """
    rows = db.select(_ISSUED_WITH, experiment_id=experiment.id, numbers=json.dumps(list(seeds)))
    issued = {row["number"] for row in rows}
    lost = {number: seed for number, seed in seeds.items() if number not in issued}
    if lost:
        first = find_next_replicate(db, experiment.id)
        skipped = max(0, max(lost) + 1 - first)
        _issue(db, experiment, registration_id, lost)
        counters.add_to_counter(db, *_missing(experiment.id), skipped - len(lost))


def are_free_or_same(db: Database, experiment_id: int, registration_id: int, seeds: Mapping[int, int]) -> bool:
    """Was none of these numbers issued, or to this registration with this seed?"""
    rows = db.select(_ISSUED_WITH, experiment_id=experiment_id, numbers=json.dumps(list(seeds)))
    return all((row["registration_id"], row["seed"]) == (registration_id, seeds[row["number"]]) for row in rows)


def read_seeds(db: Database, experiment_id: int, numbers: Sequence[int]) -> tuple[int, ...]:
    """The seeds of replicates that were issued, in their order."""
    seeds = db.column(int, _SEEDS, experiment_id=experiment_id, numbers=json.dumps(list(numbers)))
    if len(seeds) != len(numbers):
        raise LookupError(f"some of the replicates {', '.join(map(str, numbers[:9]))} were never issued")
    return tuple(seeds)


def find_next_replicate(db: Database, experiment_id: int) -> int:
    return db.number(_NEXT_NUMBER, experiment_id=experiment_id)


def find_replicate_registration(db: Database, experiment_id: int, number: int) -> int | None:
    return db.scalar(int, _GIVEN_TO, experiment_id=experiment_id, number=number)


def count_issued_replicates(db: Database, experiment_id: int) -> dict[int, int]:
    rows = db.select(_ISSUED_TO, experiment_id=experiment_id)
    return {int(row["state"]): int(row["amount"]) for row in rows if row["amount"]}


def _issue(db: Database, experiment: StoredExperiment, registration_id: int, seeds: Mapping[int, int]) -> None:
    db.add_all(
        "replicate",
        [
            {
                "experiment_id": experiment.id,
                "number": number,
                "registration_id": registration_id,
                "seed": seed,
            }
            for number, seed in seeds.items()
        ],
    )
    counters.add_to_counter(db, "issued", experiment.id, str(registration_id), len(seeds))


def _gaps(db: Database, experiment_id: int) -> list[int]:
    """Numbers below the highest that nobody has. There are some only where a backup was restored."""
    noun, experiment, state = _missing(experiment_id)
    row = db.row(_GAPS, noun=noun, experiment_id=experiment, state=state)
    if row is None or not row["amount"]:
        return []
    issued = {row["number"] for row in db.select(_NUMBERS, experiment_id=experiment_id)}
    return [number for number in range(max(issued, default=0)) if number not in issued]


def _missing(experiment_id: int) -> counters.Key:
    return "replicate", experiment_id, "missing"
