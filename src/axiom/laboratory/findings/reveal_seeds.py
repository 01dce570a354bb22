"""Reveals the secrets of registrations that have ended, so that anybody can check from what their seeds follow."""

from collections.abc import Callable, Collection
from datetime import datetime

from axiom.laboratory.findings.score_predictions import why_registration_ended
from axiom.server.upkeep.jobs import Job
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.findings import evidence
from axiom.store.registrations import registrations, seed_secrets
from axiom.store.writer import Writer


def reveal_job(writer: Writer, folder: Folder, now: Callable[[], datetime]) -> Job:
    def reveal() -> None:
        with Connections(folder=folder).reader() as db:
            ended = list_ended_registrations(db, seed_secrets.list_registrations_with_secrets(db))
        if ended:
            writer.run(lambda db: reveal_ended(db, ended, now()))

    return Job(name="reveal", every=60.0, work=reveal, remembered=False)


def list_ended_registrations(db: Database, among: Collection[int]) -> list[int]:
    """Those of which nothing is out and nothing more is ordered."""
    newest = evidence.list_newest_evidence(db)
    return [
        number
        for number in among
        if (registration := registrations.find_registration(db, number)) is not None
        and why_registration_ended(db, registration, newest)
    ]


def reveal_ended(db: Database, numbers: Collection[int], now: datetime) -> list[int]:
    """Reveal the secrets of those that have still ended. If more is ordered after all, it follows from another."""
    ended = list_ended_registrations(db, numbers)
    for number in ended:
        seed_secrets.reveal_secrets(db, number, now)
    return ended
