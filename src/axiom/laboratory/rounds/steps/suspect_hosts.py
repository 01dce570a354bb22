"""A step of rounds: which volunteers' computers look wrong is told, and what follows from it is done.

It comes before `clean.py`, while hosts still have the tasks that they are silent of.
"""

from datetime import datetime, timedelta

from axiom.domain.rounds import Note
from axiom.laboratory.open_round import shorten_notes
from axiom.rules.hosts.suspect_hosts import HostTrouble, Suspect, find_suspects
from axiom.server.returns.outages import START
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts, notices
from axiom.store.tasks import stuck_tasks
from axiom.store.upkeep import jobs

_LATELY = timedelta(days=2)
COPIED = "copied"


def check_hosts(db: Database, now: datetime) -> list[Note]:
    """Name the hosts that look wrong, hold down those that flood, and tell the owners of copied folders."""
    looked = stuck_tasks.list_observed_hosts(db, now - _LATELY)
    suspected = find_suspects(looked, now, listening=jobs.find_last_job_start(db, START))
    for suspect in suspected:
        _act(db, suspect, now)
    if not suspected:
        text = "Hosts that are heard from or have tasks: {hosts}. None looks wrong."
        return [Note(kind="hosts.nothing", text=text, facts={"hosts": len(looked)}, about="/hosts")]
    return [
        note
        for trouble in HostTrouble
        for note in _host_notes([suspect for suspect in suspected if suspect.trouble is trouble])
    ]


def _act(db: Database, suspect: Suspect, now: datetime) -> None:
    """What follows from a suspicion: less work, or a word to the owner."""
    if suspect.quota is not None:
        hosts.cap_host_quota(db, suspect.host_id, suspect.quota)
    if suspect.trouble is HostTrouble.COPIED:
        text = (
            "This computer's BOINC folder was copied from another one, or to another one. Both are counted, as two "
            "hosts; to have each known for good, remove the project in BOINC on one of them and add it again."
        )
        notices.add_notice(db, suspect.host_id, COPIED, text, now)


def _host_notes(suspected: list[Suspect]) -> list[Note]:
    notes = [
        Note(
            kind=f"host.{suspect.trouble}",
            text="Host {host} looks {trouble}: {reason}",
            facts={"host": suspect.host_id, "trouble": str(suspect.trouble), "reason": suspect.reason},
            about=f"/hosts/{suspect.host_id}",
        )
        for suspect in suspected
    ]
    return shorten_notes(notes, "Hosts that look wrong", "/hosts")
