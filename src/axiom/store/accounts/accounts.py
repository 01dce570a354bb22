"""Volunteers and their accounts: who they are, by which digests they are known, what they prefer, who is signed in."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from axiom.domain.fleet import (
    Account,
    PreferenceSets,
    Volunteer,
    read_project_preferences,
    write_project_preferences,
)
from axiom.domain.value import value_class
from axiom.store.accounts.names import find_free_name, fold_name, write_looks
from axiom.store.engine.database import Database, Row, as_value, from_microseconds, to_microseconds

_BY_KEY = """
SELECT id, key_digest FROM volunteer WHERE key_digest = :digest
UNION ALL
SELECT id, NULL AS key_digest FROM volunteer WHERE weak_digest = :digest
UNION ALL
SELECT volunteer_id, CASE is_weak WHEN 0 THEN digest END FROM adopted_key WHERE digest = :digest
"""
_FORGET_KEYS = "DELETE FROM adopted_key WHERE volunteer_id = :id AND is_weak >= :only_weak"
_WITH_RESULTS = """
SELECT count(*) AS volunteers FROM volunteer v
WHERE v.is_ours = 0 AND v.is_simulated = 0 AND EXISTS (
    SELECT 1 FROM host h JOIN task t ON t.host_id = h.id AND t.sent_at IS NOT NULL
    WHERE h.volunteer_id = v.id AND t.state = 'valid')
"""
_RENEW = """
UPDATE volunteer SET password = :password, password_serial = password_serial + 1, weak_digest = :weak_digest
WHERE id = :id
"""
_EMAIL = """
UPDATE volunteer SET email = :email, password = :password, password_serial = password_serial + 1, confirmed_at = NULL,
    spelt_email = NULL
WHERE id = :id
"""
_CONFIRM = "UPDATE volunteer SET confirmed_at = :now WHERE id = :id AND email IS NOT NULL AND confirmed_at IS NULL"
_ERASE = """
UPDATE volunteer SET name = :name, look = :look, email = NULL, spelt_email = NULL, password = NULL, key_digest = NULL,
    weak_digest = NULL,
    cross_id = '', country = '', website = '', venue = '', preferences = '', preferences_at = 0,
    project_preferences = '{}', is_exported = 0, shows_hosts = 0, confirmed_at = NULL
WHERE id = :id
"""
_FILL_LOOKS = """
UPDATE volunteer SET look = j.value FROM json_each(:looks) j WHERE volunteer.id = CAST(j.key AS INTEGER)
"""
_PREFERENCES = "SELECT preferences, preferences_at, project_preferences, venue FROM volunteer WHERE id = :id"
_KEEP_PREFERENCES = """
UPDATE volunteer SET preferences = :preferences, preferences_at = :modified_at
WHERE id = :id AND preferences_at < :modified_at
"""
_SIGNED_IN = "SELECT volunteer_id FROM sign_in WHERE token_digest = :token_digest AND expires_at > :now"
_OLDEST_OUT = """
DELETE FROM sign_in WHERE volunteer_id = :volunteer_id AND token_digest NOT IN (
    SELECT token_digest FROM sign_in WHERE volunteer_id = :volunteer_id
    ORDER BY created_at DESC, token_digest LIMIT :kept
)
"""

_SEALED_PASSWORDS = "SELECT id, password FROM volunteer WHERE password GLOB 'sealed:*' ORDER BY id LIMIT :limit"
_REPLACE = "UPDATE volunteer SET password = :new WHERE id = :id AND password = :old"

SEALED = "sealed:"  # so begins what is stored of a password that waits to be hashed
_OUR_NAME = "the laboratory itself"


@dataclass(frozen=True, kw_only=True, slots=True)
class KeyHolder:
    """Whose key it is. A weak one attaches and computes, and opens no account page."""

    volunteer_id: int
    is_weak: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredKey:
    volunteer_id: int
    key_serial: int
    digest: str


@value_class
class VolunteerPreferences:
    everywhere: str  # BOINC's XML, kept as a client sent it
    modified_at: int  # seconds since 1970, by the computer on which it was changed
    project: PreferenceSets
    venue: str


def find_laboratory_account(db: Database, now: datetime) -> int:
    """The volunteer in whose name the laboratory itself computes, without an account, who exists from now on."""
    known_id = db.number("SELECT id FROM volunteer WHERE is_ours = 1")
    return known_id or _add(db, _OUR_NAME, created_at=now, is_ours=1)


def create_account(db: Database, *, name: str, email: str, password: str, cross_id: str, now: datetime) -> int:
    """Open an account. `password` is what may be stored of it; a name that is taken gets a number behind it."""
    account = {"email": email, "password": password, "password_serial": 1, "cross_id": cross_id}
    return _add(db, name, created_at=now, **account)


def add_volunteer(db: Database, *, name: str, now: datetime) -> int:
    """A volunteer who computes and cannot sign in; a name that is taken gets a number behind it."""
    return _add(db, name, created_at=to_microseconds(now))


def find_account(db: Database, volunteer_id: int) -> tuple[Volunteer, Account] | None:
    return _volunteer_and_account(db.row("SELECT * FROM volunteer WHERE id = :id", id=volunteer_id))


def find_account_by_email(db: Database, email: str) -> tuple[Volunteer, Account] | None:
    return _volunteer_and_account(db.row("SELECT * FROM volunteer WHERE email = :email", email=email))


def find_key_holder(db: Database, digest: str) -> KeyHolder | None:
    row = db.row(_BY_KEY, digest=digest)
    return KeyHolder(volunteer_id=row["id"], is_weak=row["key_digest"] is None) if row else None


def find_any_key(db: Database) -> StoredKey | None:
    row = db.row("SELECT id, key_serial, key_digest FROM volunteer WHERE key_digest IS NOT NULL LIMIT 1")
    if row is None:
        return None
    return StoredKey(volunteer_id=row["id"], key_serial=row["key_serial"], digest=row["key_digest"])


def adopt_keys(db: Database, keys: Sequence[KeyHolder], digests: Sequence[str]) -> None:
    """These digests are those of keys by which another server knew their holders, and count from now on."""
    db.add_all("adopted_key", [asdict(key) | {"digest": digest} for key, digest in zip(keys, digests, strict=True)])


def forget_adopted_keys(db: Database, volunteer_id: int, *, only_weak: bool = False) -> None:
    db.execute(_FORGET_KEYS, id=volunteer_id, only_weak=int(only_weak))


def set_keys(db: Database, volunteer_id: int, *, key_serial: int, key_digest: str, weak_digest: str) -> None:
    db.change("volunteer", volunteer_id, key_serial=key_serial, key_digest=key_digest, weak_digest=weak_digest)


def set_simulated(db: Database, volunteer_id: int) -> None:
    """This volunteer only plays a part; hosts that they attach from now on are labelled, too."""
    db.change("volunteer", volunteer_id, is_simulated=1)


def set_password(db: Database, volunteer_id: int, *, password: str, weak_digest: str) -> None:
    db.execute(_RENEW, id=volunteer_id, password=password, weak_digest=weak_digest)


def list_sealed_passwords(db: Database, limit: int) -> dict[int, str]:
    return {row["id"]: row["password"] for row in db.select(_SEALED_PASSWORDS, limit=limit)}


def replace_passwords(db: Database, stored: Mapping[int, tuple[str, str]]) -> None:
    """Store the same passwords in another form: of each volunteer the old, which must still be there, and the new."""
    db.execute_many(_REPLACE, [{"id": key, "old": old, "new": new} for key, (old, new) in stored.items()])


def set_email(db: Database, volunteer_id: int, *, email: str, password: str) -> None:
    """A new address, not confirmed yet. What a client makes of a password depends on it, so that is stored anew."""
    db.execute(_EMAIL, id=volunteer_id, email=email, password=password)


def confirm_email(db: Database, volunteer_id: int, now: datetime) -> None:
    db.execute(_CONFIRM, id=volunteer_id, now=to_microseconds(now))


def read_confirmation_time(db: Database, volunteer_id: int) -> datetime | None:
    return db.scalar(from_microseconds, "SELECT confirmed_at FROM volunteer WHERE id = :id", id=volunteer_id)


def set_profile(
    db: Database, volunteer_id: int, *, name: str, country: str, website: str, is_exported: bool, shows_hosts: bool
) -> None:
    """Store what others see. Who keeps their name keeps it, also where it was taken before looks counted."""
    if db.row("SELECT id FROM volunteer WHERE id = :id AND name = :name", id=volunteer_id, name=name) is None:
        name = find_free_name(db, name, besides=volunteer_id)
    shown = {"country": country, "website": website, "is_exported": is_exported, "shows_hosts": shows_hosts}
    db.change("volunteer", volunteer_id, name=name, look=fold_name(name), **shown)


def fill_volunteer_looks(db: Database) -> None:
    db.execute(_FILL_LOOKS, looks=write_looks(db.select("SELECT id, name FROM volunteer")))


def hide_hosts(db: Database, volunteer_id: int) -> None:
    db.change("volunteer", volunteer_id, shows_hosts=0)


def erase_volunteer(db: Database, volunteer_id: int) -> None:
    """Nothing is known of this volunteer any more but the number, and nobody can sign in or compute as them."""
    forget_adopted_keys(db, volunteer_id)
    name = find_free_name(db, f"erased volunteer {volunteer_id}", besides=volunteer_id)
    db.execute(_ERASE, id=volunteer_id, name=name, look=fold_name(name))


def set_cross_id(db: Database, volunteer_id: int, cross_id: str) -> None:
    db.change("volunteer", volunteer_id, cross_id=cross_id)


def set_volunteer_team(db: Database, volunteer_id: int, team_id: int | None) -> None:
    db.change("volunteer", volunteer_id, team_id=team_id)


def find_preferences(db: Database, volunteer_id: int) -> VolunteerPreferences:
    nothing = VolunteerPreferences(everywhere="", modified_at=0, project=PreferenceSets(), venue="")
    return db.read_row(parse_preferences, _PREFERENCES, id=volunteer_id) or nothing


def keep_preferences(db: Database, volunteer_id: int, text: str, modified_at: int) -> bool:
    """Keep what one of the volunteer's computers brought, if it is newer than what is here."""
    return db.execute(_KEEP_PREFERENCES, id=volunteer_id, preferences=text, modified_at=modified_at) == 1


def set_project_preferences(db: Database, volunteer_id: int, preferences: PreferenceSets, venue: str) -> None:
    db.change("volunteer", volunteer_id, project_preferences=write_project_preferences(preferences), venue=venue)


def sign_in(db: Database, token_digest: str, volunteer_id: int, *, now: datetime, expires_at: datetime) -> None:
    db.add("sign_in", token_digest=token_digest, volunteer_id=volunteer_id, created_at=now, expires_at=expires_at)


def find_signed_in_volunteer(db: Database, token_digest: str, now: datetime) -> int | None:
    return db.scalar(int, _SIGNED_IN, token_digest=token_digest, now=to_microseconds(now))


def sign_out(db: Database, token_digest: str) -> None:
    db.execute("DELETE FROM sign_in WHERE token_digest = :token_digest", token_digest=token_digest)


def sign_out_everywhere(db: Database, volunteer_id: int) -> None:
    db.execute("DELETE FROM sign_in WHERE volunteer_id = :volunteer_id", volunteer_id=volunteer_id)


def sign_out_oldest(db: Database, volunteer_id: int, *, kept: int) -> None:
    db.execute(_OLDEST_OUT, volunteer_id=volunteer_id, kept=kept)


def expire_sign_ins(db: Database, now: datetime) -> int:
    return db.execute("DELETE FROM sign_in WHERE expires_at <= :now", now=to_microseconds(now))


def count_contributors(db: Database) -> int:
    return db.number(_WITH_RESULTS)


def parse_preferences(row: Row) -> VolunteerPreferences:
    return VolunteerPreferences(
        everywhere=row["preferences"],
        modified_at=row["preferences_at"],
        project=read_project_preferences(row["project_preferences"]),
        venue=row["venue"],
    )


def _add(db: Database, name: str, **facts: Any) -> int:
    name = find_free_name(db, name)
    return db.add("volunteer", name=name, look=fold_name(name), **facts)


def _volunteer_and_account(row: Row | None) -> tuple[Volunteer, Account] | None:
    return (as_value(Volunteer, row), as_value(Account, row)) if row else None
