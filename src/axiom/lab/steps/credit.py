"""A tariff that holds only from a later day on is told ahead: to the computers' owners, in the log and in the news."""

from datetime import datetime

from axiom.decisions.credit.tariffs import announcement
from axiom.domain.ledger import Tariff
from axiom.domain.sessions import Note
from axiom.lab.step import Round
from axiom.store.credit import tariffs
from axiom.store.credit.tariffs import Announced
from axiom.store.engine.database import Database
from axiom.store.hosts import notices


def tell(db: Database, number: int, now: datetime) -> int:
    """Have the clients of all volunteers show the announcement of this tariff, each once; how many hosts these are."""
    said = next((_said(one, before) for one, before in tariffs.ahead(db) if one.id == number), "")
    return notices.add_for_all(db, f"tariff {number}", said, now) if said else 0


def announced(held: Round) -> list[Note]:
    """The tariffs that were announced ahead in the time of which this session tells."""
    return [
        Note(
            kind="credit.announced",
            text="Tariff {tariff}, version {version}, was announced: {said}",
            facts={"tariff": one.tariff.name, "version": one.tariff.version, "said": _said(one, before)},
            about=f"/ledger#tariff-{one.id}",
        )
        for one, before in tariffs.ahead(held.db)
        if held.window.holds(one.announced_at)
    ]


def _said(one: Announced, before: Tariff | None) -> str:
    return announcement(before, one.tariff, one.valid_from, one.because)
