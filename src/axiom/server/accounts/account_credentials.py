"""An account's keys, password and e-mail address: made when it is opened, renewed and changed.

Of a key only its digest is stored: the key itself follows from the laboratory's secret, so it can be told again.
"""

from datetime import datetime

from axiom.boinc import account_keys
from axiom.domain.fleet import Account, Volunteer
from axiom.errors import KeysUnusable, NotFound
from axiom.store.accounts import accounts
from axiom.store.engine.database import Database


def open_account(db: Database, secret: bytes, *, name: str, email: str, password: str, now: datetime) -> int | None:
    """Open an account with its keys; None where the address has one. `password` is what may be stored of it."""
    if accounts.find_account_by_email(db, email) is not None:
        return None
    made = accounts.create_account(db, name=name, email=email, password=password, cross_id="", now=now)
    accounts.set_cross_id(db, made, account_keys.internal_cpid(secret, made))
    accounts.set_keys(db, made, key_serial=1, key_digest=_key(secret, made, 1), weak_digest=_weak(secret, made, 1))
    return made


def key_of(secret: bytes, volunteer: Volunteer, account: Account) -> str:
    return account_keys.account_key(secret, volunteer.id, account.key_serial)


def weak_key_of(secret: bytes, volunteer: Volunteer, account: Account) -> str:
    return account_keys.weak_key(secret, volunteer.id, account.password_serial)


def renew_key(db: Database, secret: bytes, volunteer_id: int) -> str:
    """Give a volunteer another account key, returned; clients that have the old one must be attached again."""
    account = _account(db, volunteer_id)
    serial = account.key_serial + 1
    accounts.forget_adopted_keys(db, volunteer_id)
    accounts.set_keys(
        db,
        volunteer_id,
        key_serial=serial,
        key_digest=_key(secret, volunteer_id, serial),
        weak_digest=_weak(secret, volunteer_id, account.password_serial),
    )
    return account_keys.account_key(secret, volunteer_id, serial)


def change_password(db: Database, secret: bytes, volunteer_id: int, password: str) -> None:
    """A new password, of which this is stored; it brings a new weak key and ends every sign-in."""
    serial = _account(db, volunteer_id).password_serial + 1
    accounts.forget_adopted_keys(db, volunteer_id, only_weak=True)
    accounts.set_password(db, volunteer_id, password=password, weak_digest=_weak(secret, volunteer_id, serial))
    accounts.sign_out_everywhere(db, volunteer_id)


def change_email(db: Database, secret: bytes, volunteer_id: int, email: str, password: str) -> bool:
    """A new e-mail address with the password that belongs to it; False where the address has an account already."""
    other = accounts.find_account_by_email(db, email)
    if other is not None and other[0].id != volunteer_id:
        return False
    account = _account(db, volunteer_id)
    accounts.forget_adopted_keys(db, volunteer_id, only_weak=True)
    accounts.set_email(db, volunteer_id, email=email, password=password)
    accounts.set_keys(
        db,
        volunteer_id,
        key_serial=account.key_serial,
        key_digest=_key(secret, volunteer_id, account.key_serial),
        weak_digest=_weak(secret, volunteer_id, account.password_serial + 1),
    )
    return True


def demand_secret(db: Database, secret: bytes) -> None:
    """The accounts here must be this secret's: with another one, nobody's clients would be known again."""
    sample = accounts.find_any_key(db)
    if sample is not None and sample.digest != _key(secret, sample.volunteer_id, sample.key_serial):
        raise KeysUnusable(
            "The accounts of this laboratory were made with another accounts.key than the one in its folder of keys: "
            "no volunteer's client would be known again. Nothing was started; restore accounts.key from a backup."
        )


def _account(db: Database, volunteer_id: int) -> Account:
    stored = accounts.find_account(db, volunteer_id)
    if stored is None or stored[1].email is None:
        raise NotFound(f"Volunteer {volunteer_id} has no account. Nothing was changed.")
    return stored[1]


def _key(secret: bytes, volunteer_id: int, serial: int) -> str:
    return account_keys.key_digest(account_keys.account_key(secret, volunteer_id, serial))


def _weak(secret: bytes, volunteer_id: int, password_serial: int) -> str:
    return account_keys.key_digest(account_keys.weak_key(secret, volunteer_id, password_serial))
