"""Writes the files that credit sites fetch once a day. In them is who agreed to be, and nobody else."""

import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from axiom.boinc import exports
from axiom.boinc.account_keys import exported_host_cpid, external_cpid
from axiom.decisions.accounts.profile_visibility import heard
from axiom.domain.credit import Balance
from axiom.limits import accounts as limits
from axiom.store.accounts import credit_sites, tombstones
from axiom.store.accounts.credit_sites import OpenHost, OpenTeam, OpenVolunteer
from axiom.store.connections import Connections
from axiom.store.engine.database import Database, moment
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments

NAMES = ("tables.xml", "user.gz", "team.gz", "host.gz", "user_deleted.gz", "host_deleted.gz")
_PAGE = 500
_NO_MARKS = str.maketrans("[]|", "   ")
_GPU_KINDS = {"NVIDIA": "CUDA", "ATI": "CAL"}


_Open = TypeVar("_Open", OpenVolunteer, OpenTeam)


@dataclass()
class _Totals:
    volunteers: int = 0
    teams: int = 0
    hosts: int = 0
    credit: int = 0
    names: set[str] = field(default_factory=set)


class StatisticsFiles:
    def __init__(self, folder: Folder, now: Callable[[], datetime], rest: Callable[[], object]) -> None:
        self._folder = folder
        self._now = now
        self._rest = rest  # between two parts of a list: so that whoever waits for the processor has it

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder.statistics / name).read_bytes()
        except OSError:
            return None

    def write_if_due(self) -> bool:
        written = [self._folder.statistics / name for name in NAMES]
        oldest = self._now() - limits.STATISTICS_EVERY
        is_due = any(not path.is_file() or moment(path.stat().st_mtime_ns // 1000) < oldest for path in written)
        if is_due:
            self.write()
        return is_due

    def write(self) -> None:
        self._folder.statistics.mkdir(mode=0o700, exist_ok=True)
        counted = _Totals()
        with Connections(folder=self._folder).follower() as db:
            self._pack("user.gz", exports.volunteers_xml(self._volunteers(db, counted)))
            self._pack("team.gz", exports.teams_xml(self._teams(db, counted)))
            self._pack("host.gz", exports.hosts_xml(self._hosts(db, counted)))
            self._pack("user_deleted.gz", exports.erased_volunteers_xml(self._erased(db, tombstones.VOLUNTEER)))
            self._pack("host_deleted.gz", exports.erased_hosts_xml(self._erased(db, tombstones.HOST)))
            counted.names = {experiment.name for experiment in experiments.everything(db)}
        tables = exports.Tables(
            updated_at=int(self._now().timestamp()),
            volunteers=counted.volunteers,
            teams=counted.teams,
            hosts=counted.hosts,
            total_credit=counted.credit,
            experiments=tuple(sorted(counted.names)),
        )
        self._replace("tables.xml", [exports.tables_xml(tables)])

    def _volunteers(self, db: Database, counted: _Totals) -> Iterator[exports.ExportedVolunteer]:
        for volunteer in self._paged(credit_sites.volunteers, db):
            counted.volunteers += 1
            counted.credit += volunteer.balance.total
            yield _volunteer(volunteer)

    def _teams(self, db: Database, counted: _Totals) -> Iterator[exports.ExportedTeam]:
        for team in self._paged(credit_sites.teams, db):
            counted.teams += 1
            yield _team(team)

    def _hosts(self, db: Database, counted: _Totals) -> Iterator[exports.ExportedHost]:
        last = 0
        while part := credit_sites.volunteers(db, last, _PAGE):
            last, whose = part[-1].id, {volunteer.id: volunteer for volunteer in part}
            for host in credit_sites.hosts(db, list(whose)):
                counted.hosts += 1
                yield _host(host, whose[host.volunteer_id])
            self._rest()

    def _erased(self, db: Database, noun: str) -> list[exports.ErasedRecord]:
        return [
            exports.ErasedRecord(id=tombstone.number, cpid=tombstone.cpid)
            for tombstone in tombstones.since(db, noun, self._now() - limits.ERASED_TOLD_FOR)
        ]

    def _paged(self, read: Callable[[Database, int, int], list[_Open]], db: Database) -> Iterator[_Open]:
        last = 0
        while part := read(db, last, _PAGE):
            last = part[-1].id
            yield from part
            self._rest()

    def _pack(self, name: str, pieces: Iterable[bytes]) -> None:
        self._replace(name, pieces, packed=True)

    def _replace(self, name: str, pieces: Iterable[bytes], *, packed: bool = False) -> None:
        unfinished = self._folder.statistics / f".{name}.part"
        with unfinished.open("wb") as file:
            if packed:
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as pack:
                    for piece in pieces:
                        pack.write(piece)
            else:
                file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._folder.statistics / name)


def _volunteer(volunteer: OpenVolunteer) -> exports.ExportedVolunteer:
    is_heard = heard(volunteer.balance).may
    return exports.ExportedVolunteer(
        id=volunteer.id,
        name=volunteer.name,
        created_at=int(volunteer.created_at.timestamp()),
        credit=_credit(volunteer.balance),
        cpid=external_cpid(volunteer.cross_id, volunteer.email),
        country=volunteer.country if is_heard else "",
        website=volunteer.website if is_heard else "",
        team_id=volunteer.team_id,
    )


def _team(team: OpenTeam) -> exports.ExportedTeam:
    is_heard = heard(team.of_founder).may
    return exports.ExportedTeam(
        id=team.id,
        name=team.name,
        founder_id=team.founder_id,
        founder_name=team.founder_name,
        created_at=int(team.created_at.timestamp()),
        credit=_credit(team.balance),
        website=team.website if is_heard else "",
        description=team.about if is_heard else "",
        country=team.country if is_heard else "",
    )


def _host(host: OpenHost, volunteer: OpenVolunteer) -> exports.ExportedHost:
    facts = host.facts
    return exports.ExportedHost(
        id=host.id,
        volunteer_id=volunteer.id if volunteer.shows_hosts else None,
        credit=_credit(host.balance),
        vendor=str(facts.get("vendor", "")),
        model=str(facts.get("model", "")),
        os_name=str(facts.get("system", "")),
        os_version=str(facts.get("system_version", "")),
        created_at=int(host.created_at.timestamp()),
        seen_at=int(host.seen_at.timestamp()),
        cores=int(facts.get("cores_all", host.cores)),
        flops=host.flops,
        memory_bytes=float(facts.get("memory_bytes_all", 0.0)),
        cpid=exported_host_cpid(host.cpid, volunteer.email) if host.cpid else "",
        boinc_version=str(facts.get("boinc", "")),
        coprocessors="".join(_gpu(*gpu) for gpu in host.gpus),
        timezone=int(facts.get("timezone", 0)),
        iops=float(facts.get("iops", 0.0)),
        memory_bandwidth=float(facts.get("memory_bandwidth", 0.0)),
        cache_bytes=float(facts.get("cache_bytes", 0.0)),
        swap_bytes=float(facts.get("swap_bytes", 0.0)),
        disk_total=float(facts.get("disk_bytes_all", 0.0)),
        disk_free=float(facts.get("disk_bytes_free", 0.0)),
        upload_rate=float(facts.get("bytes_up", 0.0)),
        download_rate=float(facts.get("bytes_down", 0.0)),
        turnaround_seconds=host.turnaround_seconds,
    )


def _gpu(kind: str, count: int, megabytes: int, model: str) -> str:
    name = model.translate(_NO_MARKS)
    return f"[{_GPU_KINDS.get(kind, kind.translate(_NO_MARKS))}|{name}|{count}|{megabytes}MB|]"


def _credit(balance: Balance) -> exports.ExportedCredit:
    return exports.ExportedCredit(
        total=balance.total, recent=balance.recent, recent_at=moment(balance.recent_at).timestamp()
    )
