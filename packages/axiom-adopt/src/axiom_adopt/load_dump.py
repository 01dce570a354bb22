"""Writes a dump's people, computers, teams and credit into a laboratory: so many rows a command, each of them once.

A command's key names the dump, the part and its first row, so a load that was interrupted goes on behind the last
command that was stored, and one that is repeated does nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from axiom.domain.callers import Capability
from axiom.domain.credit import Balance
from axiom.gate.command import Answer, Command
from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.service.standard_callers import operator_caller
from axiom.store.accounts import accounts, tombstones
from axiom.store.credit import ledger
from axiom.store.engine.database import Database
from axiom.store.hosts import hosts
from axiom.store.journal import history
from axiom.store.tasks import foreign_tasks
from axiom_adopt import laboratory_rows
from axiom_adopt.dump import Dump
from axiom_adopt.inspect_dump import Inspection
from axiom_adopt.old_server_records import Host, User, UserDeleted

ROWS = 2_000  # of a command
SOURCE = "the server before"

T = TypeVar("T")
Told = Callable[[str, int, int], None]  # a part, how many of its rows are through, and of how many


@dataclass(frozen=True, kw_only=True)
class AdoptRows(Command, name="project.adopt", capability=Capability.RUN):
    """Rows of another server's dump. The audit has their number, and nothing of what they hold."""

    dump: str
    part: str
    first: int
    rows: int
    write: Any = field(repr=False, compare=False)  # Callable[[Database], None]

    def words(self) -> dict[str, Any]:
        return {"dump": self.dump, "part": self.part, "first": self.first, "rows": self.rows}

    def apply(self, db: Database, laboratory: Laboratory, prepared: Any, now: datetime) -> Answer:
        self.write(db)
        return {"rows": self.rows}


def give_rows(gate: CommandGate, command: AdoptRows) -> None:
    """Have them stored; those that are stored already stay as they are."""
    gate.submit(command, operator_caller(), key=f"adopt:{command.dump[:32]}:{command.part}:{command.first}")


@dataclass(frozen=True, kw_only=True)
class Loading:
    gate: CommandGate
    inspection: Inspection
    secret: bytes
    tell: Told
    begun_at: datetime

    def load(self, dump: Dump) -> dict[str, Any]:
        """Load all of it; returns what was taken, against which the laboratory can be verified."""
        seen = self.inspection
        totals = Counter(self.inspection.totals)
        self._give("people", self._people(dump), len(seen.people), self._write_people)
        self._give("teams", self._teams(), len(seen.teams), self._write_teams)
        self._give("members", sorted(seen.members.items()), len(seen.members), _write_members)
        self._give("computers", self._computers(dump, totals), len(seen.computers), self._write_computers)
        merges = {number: host for number in seen.merges if (host := seen.host_behind(number)) is not None}
        self._give(
            "merges", sorted(merges.items()), len(merges), lambda db, rows: hosts.add_merged_hosts(db, dict(rows))
        )
        tasks = sorted(seen.tasks, key=lambda task: task.name)
        self._give("tasks", tasks, len(tasks), foreign_tasks.add_foreign_tasks)
        self._give("tombstones", seen.deleted, len(seen.deleted), _write_tombstones)
        numbers = {"volunteer": "user", "host": "host", "team": "team"}
        reserved = {ours: seen.next_ids.get(theirs, 1) - 1 for ours, theirs in numbers.items()}
        self._give("numbers", [reserved], 1, lambda db, rows: history.reserve_numbers(db, rows[0]))
        return {
            "taken": {
                "people": len(seen.people),
                "computers": len(seen.computers),
                "teams": len(seen.teams),
                "tasks": len(tasks),
                "credit_of_people": totals["user"],
                "credit_of_computers": totals["host"],
                "credit_of_teams": totals["team"],
            },
            "next_ids": {theirs: seen.next_ids.get(theirs, 1) for theirs in numbers.values()},
            "source": SOURCE,
        }

    def _give(self, part: str, rows: Iterable[T], count: int, write: Callable[[Database, Sequence[T]], None]) -> None:
        through = 0
        for first, chunk in _chunks(rows):
            command = AdoptRows(
                dump=self.inspection.digest,
                part=part,
                first=first,
                rows=len(chunk),
                write=lambda db, rows=chunk: write(db, rows),
            )
            give_rows(self.gate, command)
            through += len(chunk)
            self.tell(part, through, count)

    def _people(self, dump: Dump) -> Iterator[laboratory_rows.VolunteerRows]:
        names = laboratory_rows.Names()
        for user in dump.read(User):
            if user.id in self.inspection.people:
                yield laboratory_rows.volunteer_rows(
                    user,
                    name=names.free(user.name or f"volunteer {user.id}"),
                    email=self.inspection.owners.address_of(user),
                    is_exported=self.inspection.is_exported(user.id),
                    secret=self.secret,
                )

    def _write_people(self, db: Database, rows: Sequence[laboratory_rows.VolunteerRows]) -> None:
        db.add_all("volunteer", [row.volunteer for row in rows])
        pairs = [pair for row in rows for pair in row.keys]
        accounts.adopt_keys(db, [holder for holder, _ in pairs], [digest for _, digest in pairs])
        self._begin_balances(db, ledger.VOLUNTEER, {row.volunteer["id"]: row.balance for row in rows})

    def _teams(self) -> Iterator[tuple[dict[str, Any], Balance]]:
        names = laboratory_rows.Names()
        for number, team in sorted(self.inspection.teams.items()):
            name = names.free(team.name or f"team {number}")
            yield laboratory_rows.team_row(team, name=name), laboratory_rows.balance_of(team)

    def _write_teams(self, db: Database, rows: Sequence[tuple[dict[str, Any], Balance]]) -> None:
        db.add_all("team", [team for team, _ in rows])
        self._begin_balances(db, ledger.TEAM, {team["id"]: balance for team, balance in rows})

    def _computers(self, dump: Dump, totals: Counter[str]) -> Iterator[tuple[dict[str, Any], Balance]]:
        names = laboratory_rows.Names()
        for host in dump.read(Host):
            if host.id in self.inspection.computers:
                balance = laboratory_rows.balance_of(host)
                totals["host"] += balance.total
                name = names.free(host.domain_name or "unnamed", host.userid)
                yield laboratory_rows.host_row(host, name=name, now=self.begun_at), balance

    def _write_computers(self, db: Database, rows: Sequence[tuple[dict[str, Any], Balance]]) -> None:
        db.add_all("host", [host for host, _ in rows])
        self._begin_balances(db, ledger.HOST, {host["id"]: balance for host, balance in rows})

    def _begin_balances(self, db: Database, holder: str, balances: Mapping[int, Balance]) -> None:
        ledger.begin_balances(db, holder, balances, source=SOURCE, now=self.begun_at)


def _chunks(rows: Iterable[T]) -> Iterator[tuple[int, list[T]]]:
    left, first = iter(rows), 0
    while chunk := list(islice(left, ROWS)):
        yield first, chunk
        first += len(chunk)


def _write_members(db: Database, rows: Sequence[tuple[int, int]]) -> None:
    for volunteer_id, team_id in rows:
        accounts.set_volunteer_team(db, volunteer_id, team_id)


def _write_tombstones(db: Database, rows: Sequence[Any]) -> None:
    for row in rows:
        noun = tombstones.VOLUNTEER if isinstance(row, UserDeleted) else tombstones.HOST
        number = row.userid if isinstance(row, UserDeleted) else row.hostid
        tombstones.add_tombstone(
            db, noun, number, row.public_cross_project_id, laboratory_rows.moment_of(row.create_time)
        )
