import json
from collections.abc import Mapping
from datetime import datetime

from axiom.domain.programs import AdmittedProgram, Right
from axiom.store.engine.database import Database, Row, as_value, to_microseconds

_END = "UPDATE program SET ended_at = :now WHERE id = :id AND ended_at IS NULL"


def add_program(
    db: Database,
    *,
    name: str,
    model: str,
    prompt: str,
    right: Right,
    may_approve: bool,
    limits: Mapping[str, float],
    token: str,
    expires_at: datetime,
    now: datetime,
) -> int | None:
    """Let a program in; None when there is or was one of this name. `token` is the digest of its token."""
    if find_program(db, name) is not None:
        return None
    return db.add(
        "program",
        name=name,
        model=model,
        prompt=prompt,
        may=right.value,
        may_approve=int(may_approve),
        limits=json.dumps(dict(limits), sort_keys=True),
        token=token,
        created_at=to_microseconds(now),
        expires_at=to_microseconds(expires_at),
    )


def list_model_programs(db: Database) -> list[AdmittedProgram]:
    return [_program(row) for row in db.select("SELECT * FROM program ORDER BY id")]


def find_program(db: Database, name: str) -> AdmittedProgram | None:
    return db.read_row(_program, "SELECT * FROM program WHERE name = :name", name=name)


def find_program_by_token(db: Database, token: str) -> AdmittedProgram | None:
    """The program whose token has this digest, whether or not it is still let in."""
    return db.read_row(_program, "SELECT * FROM program WHERE token = :token", token=token)


def end_program(db: Database, program_id: int, now: datetime) -> bool:
    return bool(db.execute(_END, id=program_id, now=to_microseconds(now)))


def set_program_limits(db: Database, program_id: int, limits: Mapping[str, float]) -> None:
    db.change("program", program_id, limits=json.dumps(dict(limits), sort_keys=True))


def _program(row: Row) -> AdmittedProgram:
    return as_value(AdmittedProgram, row, right=Right(row["may"]))
