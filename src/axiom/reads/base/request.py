"""What a page is made from: one consistent view of the records, the time, and what the address asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from axiom.domain.callers import Answer as Answer
from axiom.domain.planning import Preview
from axiom.domain.rounds import Plan
from axiom.errors import NotFound
from axiom.reads.base.memo import Memo
from axiom.store.engine import blobs
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.views import tasks
from axiom.store.views.contributions import SupportCounter
from axiom.store.views.results import MeasureTally

_MOST_DIGITS = 15  # of a number in an address or a form


def empty_preview() -> Preview:
    """Where nobody plans."""
    return Preview(plan=Plan(allotments=(), skipped=(), idle_cores=0, reason="nothing is planned here"))


def ignore_tile_view(experiment_id: int, place: int) -> None:
    """Where nobody counts which tiles of maps are looked at."""


@dataclass(frozen=True, kw_only=True)
class SharedParts:
    """What all pages of one site share."""

    folder: Folder
    name: str
    live: Callable[[], Mapping[str, Any]]
    master: str = ""  # the project's address, ending in a slash; empty where there is no project to join
    authors: str = ""  # who is cited beside the laboratory
    talk: str = ""  # where people talk of it elsewhere; empty where nowhere is named
    approvals: str = ""  # what somebody must approve before volunteers get it
    tally: MeasureTally = field(default_factory=MeasureTally)
    support: SupportCounter = field(default_factory=SupportCounter)
    memo: Memo = field(default_factory=Memo)
    preview: Callable[[], Preview] = empty_preview  # what would be ordered now: it takes the laboratory to say so
    look_at: Callable[[int, int], None] = ignore_tile_view  # a tile: its experiment, and its place there

    def shared(self) -> dict[str, Any]:
        return {part.name: getattr(self, part.name) for part in fields(SharedParts)}


@dataclass(frozen=True, kw_only=True)
class Reading(SharedParts):
    db: Database
    now: datetime
    path: str = "/"
    query: Mapping[str, str] = field(default_factory=dict)
    is_signed_in: bool = False  # is whoever asks? Who it is, no page knows that is kept
    language: str = ""  # of a page that comes in several; empty: English
    is_whole: bool = False  # lists that come in pages by number come whole: nobody turns pages in a terminal

    def text(self, digest: str) -> str:
        return blobs.read_blob(self.db, self.folder, digest).decode()

    def whole(self, word: str) -> int:
        """The whole number that the address says under this word; 0 when it says none."""
        return parse_number(self.query.get(word, "")) or 0


def parse_number(text: str) -> int | None:
    """The whole number that somebody has written; None where it is none, or longer than any of ours."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None


def require_stored(stored: Any, reading: Reading, noun: str, number: int) -> Any:
    """What was found, or the sentence that says how far the numbers go."""
    if stored is None:
        raise NotFound(no_such_number(noun, number, tasks.find_highest_number(reading.db, noun)))
    return stored


def no_such_number(noun: str, number: int, last: int) -> str:
    """The sentence for a number that was not given."""
    if last == 0:
        return f"There is no {noun} {number}. This laboratory has none yet."
    return f"There is no {noun} {number}. The numbers run from 1 to {last}, and none is given twice."
