from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds

_CURRENT = "SELECT * FROM news WHERE withdrawn_at IS NULL AND until > :now ORDER BY id DESC LIMIT :limit"
_WITHDRAW = "UPDATE news SET withdrawn_at = :now WHERE id = :id AND withdrawn_at IS NULL"


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    id: int
    line: str
    text: str
    said_at: datetime
    until: datetime


def add_news(db: Database, *, line: str, text: str, until: datetime, now: datetime) -> int:
    return db.add("news", line=line, text=text, said_at=now, until=until)


def find_news(db: Database, number: int) -> News | None:
    return db.value(News, "SELECT * FROM news WHERE id = :id", id=number)


def list_newest_news(db: Database, limit: int) -> Sequence[News]:
    return db.values(News, "SELECT * FROM news WHERE withdrawn_at IS NULL ORDER BY id DESC LIMIT :limit", limit=limit)


def list_unexpired_news(db: Database, now: datetime, limit: int) -> Sequence[News]:
    return db.values(News, _CURRENT, now=to_microseconds(now), limit=limit)


def withdraw_news(db: Database, number: int, now: datetime) -> bool:
    return db.execute(_WITHDRAW, id=number, now=to_microseconds(now)) == 1
