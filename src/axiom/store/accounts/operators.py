from datetime import datetime

from axiom.domain.operators import SiteOperator
from axiom.store.engine.database import Database, to_microseconds

_AGAIN = "UPDATE operator SET serial = serial + 1, used_step = 0, created_at = :now, ended_at = NULL WHERE name = :name"
_BY_NAME = "SELECT * FROM operator WHERE name = :name"
_BY_VOLUNTEER = "SELECT * FROM operator WHERE volunteer_id = :volunteer_id"
_END = "UPDATE operator SET ended_at = :now WHERE volunteer_id = :volunteer_id AND ended_at IS NULL"
_USE = "UPDATE operator SET used_step = :step WHERE volunteer_id = :volunteer_id"


def grant_operator_role(db: Database, name: str, volunteer_id: int, now: datetime) -> int:
    """The role is theirs from now on, with a new second factor; its serial. A name that is known is their own."""
    if not db.execute(_AGAIN, name=name, now=to_microseconds(now)):
        db.add("operator", name=name, volunteer_id=volunteer_id, serial=1, used_step=0, created_at=now)
    return int(db.select(_BY_NAME, name=name)[0]["serial"])


def revoke_operator_role(db: Database, volunteer_id: int, now: datetime) -> bool:
    return bool(db.execute(_END, volunteer_id=volunteer_id, now=to_microseconds(now)))


def list_site_operators(db: Database) -> list[SiteOperator]:
    return db.values(SiteOperator, "SELECT * FROM operator ORDER BY id")


def find_operator(db: Database, name: str) -> SiteOperator | None:
    return db.value(SiteOperator, _BY_NAME, name=name)


def find_operator_by_volunteer(db: Database, volunteer_id: int) -> SiteOperator | None:
    return db.value(SiteOperator, _BY_VOLUNTEER, volunteer_id=volunteer_id)


def find_acting_operator(db: Database, volunteer_id: int) -> SiteOperator | None:
    operator = find_operator_by_volunteer(db, volunteer_id)
    return operator if operator is not None and operator.ended_at is None else None


def use_code(db: Database, volunteer_id: int, step: int) -> None:
    """The code of this step was used: it and older ones count no more."""
    db.execute(_USE, volunteer_id=volunteer_id, step=step)
