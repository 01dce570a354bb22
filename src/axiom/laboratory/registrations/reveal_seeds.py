"""Reveals the secrets of registrations that have ended, so that anybody can check from what their seeds follow."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from axiom.domain.evidence import Registration
from axiom.domain.registrations import map_amendments, read_registration_body
from axiom.laboratory.planning.read_candidates import read_aims
from axiom.laboratory.planning.rules.stopping import why_stopped
from axiom.server.upkeep.jobs import Job
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.registrations import registrations, seed_secrets
from axiom.store.writer import Writer
from axiom_weigh.values import Evidence

_OPEN_AGAIN = {"open", "suspended"}  # findings of which more may be ordered


def reveal_job(writer: Writer, folder: Folder, now: Callable[[], datetime]) -> Job:
    def reveal() -> None:
        with Connections(folder=folder).reader() as db:
            ended = list_ended_registrations(db)
        if ended:
            writer.run(lambda db: reveal_ended(db, ended, now()))

    return Job(name="reveal", every=60.0, work=reveal, remembered=False)


def list_ended_registrations(db: Database) -> list[int]:
    """Those of which nothing more is ordered and nothing is out, and whose secret is none any more."""
    newest = evidence.list_newest_evidence(db)
    return [
        number
        for number in seed_secrets.list_registrations_with_secrets(db)
        if not seed_secrets.has_open_workunits(db, number)
        and (registration := registrations.find_registration(db, number)) is not None
        and why_ended(db, registration, newest)
    ]


def reveal_ended(db: Database, numbers: Sequence[int], now: datetime) -> list[int]:
    """Reveal the secrets of those that have still ended. If more is ordered after all, it follows from another."""
    ended = [number for number in list_ended_registrations(db) if number in numbers]
    for number in ended:
        seed_secrets.reveal_secrets(db, number, now)
    return ended


def why_ended(db: Database, registration: Registration, newest: Mapping[int, Evidence]) -> str:
    """Why nothing more of it is ordered; nothing while something may be."""
    version = experiments.find_experiment(db, registration.experiment_id)
    if version is None or version.status != "open":
        return f"its version is {version.status if version else 'gone'}"
    if by := map_amendments(registrations.read_registrations(db, version.id)).get(registration.id):
        return f"registration {by} amends it"
    body, aims = read_registration_body(registration.body), read_aims(db, registration, newest)
    statuses = registrations.list_finding_statuses(db, version.id)
    numbers = registrations.list_claim_numbers(db, registration).values()
    if _OPEN_AGAIN.isdisjoint(statuses[number][0] for number in numbers):
        return "none of its findings is open"
    issued = experiments.count_issued_replicates(db, version.id).get(registration.id, 0)
    return why_stopped(body.stopping, aims, replicates=issued, block=body.block) if issued else ""
