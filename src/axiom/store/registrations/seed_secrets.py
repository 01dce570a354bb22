"""The secrets from which the seeds of registrations follow, and the commitments to them, which are chained."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.domain.experiments import seed_of
from axiom.domain.registrations import DRAWN_SEEDS, commit_to_secret, counted_seed, list_possible_seeds
from axiom.store.engine.database import Database, to_microseconds
from axiom.store.engine.hash_chains import HashChain

_BYTES = 32  # of a secret
_ALL_OF = "SELECT * FROM seed_secret WHERE registration_id = :registration_id ORDER BY id"
_UNREVEALED = "SELECT DISTINCT registration_id FROM seed_secret WHERE revealed_at IS NULL ORDER BY registration_id"
# The hash of a registration whose text says that its seeds follow from a secret.
_SEALED = "SELECT hash FROM registration WHERE id = :id AND json_extract(body, '$.seeds') = :drawn"
_REVEAL = "UPDATE seed_secret SET revealed_at = :now WHERE registration_id = :registration_id AND revealed_at IS NULL"
_RESTORED = "UPDATE seed_secret SET restored_at = :now WHERE revealed_at IS NULL"
_COMMITMENTS = """
SELECT s.id, s.registration_id, s.secret, s.commitment, r.hash AS registration_hash
FROM seed_secret s LEFT JOIN registration r ON r.id = s.registration_id ORDER BY s.id
"""
_WITHOUT = """
SELECT id FROM registration r WHERE json_extract(body, '$.seeds') = :drawn
    AND NOT EXISTS (SELECT 1 FROM seed_secret s WHERE s.registration_id = r.id) ORDER BY id
"""
_REPLICATES = """
SELECT p.number, p.seed, p.registration_id, e.name, e.version FROM replicate p
JOIN experiment e ON e.id = p.experiment_id ORDER BY p.registration_id
"""
_CHAIN = HashChain(table="seed_secret", covered=("registration_id", "commitment", "created_at"))


@dataclass(frozen=True, kw_only=True, slots=True)
class SeedSecret:
    id: int
    registration_id: int
    secret: str
    commitment: str
    previous_hash: str
    hash: str
    created_at: datetime
    revealed_at: datetime | None
    restored_at: datetime | None  # when a backup came back in which it was not revealed

    @property
    def public(self) -> str | None:
        """Itself once it is revealed: all that anybody else is told of it."""
        return self.secret if self.revealed_at else None


def begin_secrets(db: Database, registration_id: int, now: datetime) -> None:
    """Draw the first secret of a registration whose text promises one."""
    if sealed := _find_promise(db, registration_id):
        _draw_secret(db, registration_id, sealed, now)


def _find_promise(db: Database, registration_id: int) -> str | None:
    return db.scalar(str, _SEALED, id=registration_id, drawn=DRAWN_SEEDS)


def _draw_secret(db: Database, registration_id: int, registration_hash: str, now: datetime) -> str:
    secret = new_secret()
    facts = {
        "registration_id": registration_id,
        "commitment": commit_to_secret(registration_hash, secret),
        "created_at": to_microseconds(now),
    }
    db.add("seed_secret", secret=secret, **facts, **_CHAIN.link(db, facts))
    return secret


def new_secret() -> str:
    return secrets.token_hex(_BYTES)


def list_secrets(db: Database, registration_id: int) -> list[SeedSecret]:
    """Those of a registration, the oldest first; none where its seeds follow from names."""
    return db.values(SeedSecret, _ALL_OF, registration_id=registration_id)


def make_seeds(
    db: Database, experiment: str, version: int, registration_id: int, numbers: Sequence[int], now: datetime
) -> list[int]:
    """The seeds of numbers that are issued now. Where every secret is revealed, they follow from one that is drawn."""
    sealed = _find_promise(db, registration_id)
    if sealed is None:
        return [seed_of(experiment, version, number) for number in numbers]
    hidden = [row.secret for row in list_secrets(db, registration_id) if row.revealed_at is None]
    secret = hidden[-1] if hidden else _draw_secret(db, registration_id, sealed, now)
    return [counted_seed(secret, experiment, version, number) for number in numbers]


def are_own_seeds(db: Database, experiment: str, version: int, registration_id: int, seeds: Mapping[int, int]) -> bool:
    """Do all these seeds, by their replicate numbers, follow from what is known of this registration?"""
    drawn = [row.secret for row in list_secrets(db, registration_id)]
    return all(seed in list_possible_seeds(drawn, experiment, version, number) for number, seed in seeds.items())


def list_known_numbers(
    db: Database, experiment: str, version: int, registration_id: int, seeds: Mapping[int, int]
) -> list[int]:
    """The replicate numbers whose seeds follow from a secret that is revealed."""
    revealed = [row.public for row in list_secrets(db, registration_id) if row.public]
    return [
        number
        for number, seed in seeds.items()
        if revealed and seed in list_possible_seeds(revealed, experiment, version, number)
    ]


def list_registrations_with_secrets(db: Database) -> list[int]:
    """Those of which a secret is not revealed yet."""
    return db.column(int, _UNREVEALED)


def reveal_secrets(db: Database, registration_id: int, now: datetime) -> int:
    """Make them public. Seeds that are issued later follow from another."""
    return db.execute(_REVEAL, registration_id=registration_id, now=to_microseconds(now))


def mark_restored(db: Database, now: datetime) -> int:
    """A backup came back: whether these secrets were revealed since it was made, nobody knows. How many there are."""
    return db.execute(_RESTORED, now=to_microseconds(now))


def check_secrets(db: Database) -> list[str]:
    """What is wrong with the chain of commitments, with a secret, or with a registration that lacks one."""
    return [
        *_CHAIN.problems(db, _CHAIN.rows(db)),
        *(
            f"the secret of registration {row['registration_id']} is not the one whose hash was written down"
            for row in db.select(_COMMITMENTS)
            if row["registration_hash"] is None
            or row["commitment"] != commit_to_secret(row["registration_hash"], row["secret"])
        ),
        *(
            f"registration {row['id']} has no secret, though its text says that its seeds follow from one"
            for row in db.select(_WITHOUT, drawn=DRAWN_SEEDS)
        ),
    ]


def list_wrong_seeds(db: Database) -> list[str]:
    """The replicates whose seed follows from nothing that is known of their registration."""
    by_registration: dict[int, list[str]] = {}
    for row in db.select("SELECT registration_id, secret FROM seed_secret ORDER BY id"):
        by_registration.setdefault(row["registration_id"], []).append(row["secret"])
    return [
        f"replicate {row['number']} of {row['name']}@{row['version']} has another's seed"
        for row in db.select(_REPLICATES)
        if row["seed"]
        not in list_possible_seeds(
            by_registration.get(row["registration_id"], ()), row["name"], row["version"], row["number"]
        )
    ]
