"""A step of rounds: are all parts of the laboratory up, and was it away since the session before?"""

from datetime import datetime, timedelta

from axiom.domain.rounds import Note
from axiom.laboratory.open_round import OpenRound, shorten_notes
from axiom.rules.upkeep.ailing_jobs import PeriodicJob, why_job_ailing
from axiom.server.returns.outages import START
from axiom.store.engine.database import from_optional_microseconds
from axiom.store.rounds import rounds
from axiom.store.upkeep import jobs


def check_health(this_round: OpenRound) -> list[Note]:
    """Say which parts are well and which are not, and what this round has to catch up with."""
    up_since = jobs.find_last_job_start(this_round.db, START)
    parts = [
        PeriodicJob(
            name=row["name"],
            every=timedelta(seconds=row["every_seconds"]),
            last_start=from_optional_microseconds(row["last_start"]),
            last_error=row["last_error"],
        )
        for row in jobs.list_jobs(this_round.db)
        if row["every_seconds"]
    ]
    wrong = {part.name: why for part in parts if (why := why_job_ailing(part, this_round.now, up_since=up_since))}
    well = [part.name for part in parts if part.name not in wrong]
    notes = [
        Note(
            kind="health.part",
            text="{part} is not well: {reason}.",
            facts={"part": name, "reason": why},
            about="/status",
        )
        for name, why in wrong.items()
    ]
    return [
        *shorten_notes(notes, "Parts that are not well", "/status"),
        _well(well),
        *_start_notes(this_round, up_since),
    ]


def _well(names: list[str]) -> Note:
    if not names:
        text = "No part of the laboratory has begun; nothing does by itself what sessions leave to it."
        return Note(kind="health.nothing", text=text, about="/status")
    return Note(
        kind="health.well",
        text="{amount} part(s) well: {parts}.",
        facts={"parts": ", ".join(names), "amount": len(names)},
        about="/status",
    )


def _start_notes(this_round: OpenRound, up_since: datetime | None) -> list[Note]:
    """Whether the laboratory began anew since the session before: this one then tells of all that time."""
    before = rounds.find_previous_round_end(this_round.db, this_round.round.id)
    if before is None or up_since is None or up_since <= before:
        return []
    return [
        Note(
            kind="health.started",
            text="The laboratory was started again at {moment}. {hours} h without a session lie behind this one, which "
            "tells of all that time: what expired and what came late is reviewed with the rest.",
            facts={
                "moment": f"{up_since:%Y-%m-%d %H:%M} UTC",
                "hours": round((this_round.now - before) / timedelta(hours=1), 1),
            },
            about="/sessions",
        )
    ]
