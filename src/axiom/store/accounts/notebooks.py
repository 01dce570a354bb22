"""Notebooks of programs: the newest page of each counts, and no page of the site shows any."""

from dataclasses import dataclass
from datetime import datetime

from axiom.store.engine.database import Database, to_microseconds

_NEWEST = "SELECT * FROM notebook WHERE author = :author ORDER BY id DESC LIMIT 1"


@dataclass(frozen=True, kw_only=True, slots=True)
class NotebookPage:
    text: str
    wakes_on: str  # a finding or a proposal, as in "finding 412"; empty: anything that is weighed
    at: datetime


def add_notebook_page(db: Database, author: str, text: str, *, wakes_on: str, now: datetime) -> int:
    return db.add("notebook", author=author, text=text, wakes_on=wakes_on, at=to_microseconds(now))


def find_notebook_page(db: Database, author: str) -> NotebookPage | None:
    return db.value(NotebookPage, _NEWEST, author=author)
