"""Writes the files that credit sites fetch once a day. In them is who agreed to be, and nobody else."""

import gzip
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from axiom.boinc.account_keys import exported_host_cpid, external_cpid
from axiom.boinc.statistics_xml import as_credits, records_xml, tables_xml
from axiom.boinc.xml import Facts
from axiom.domain.credit import Balance
from axiom.limits import accounts as limits
from axiom.rules.accounts.earned_stamps import NUMBERS, Contribution, list_stamps, sum_contribution
from axiom.rules.accounts.profile_visibility import judge_visibility
from axiom.signed.atomic_files import AS_UMASK, DRAFT, open_atomically
from axiom.store.accounts import credit_sites, tombstones
from axiom.store.accounts.credit_sites import ExportedHost, ExportedTeam, ExportedVolunteer
from axiom.store.connections import Connections
from axiom.store.engine.database import Database, from_microseconds
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.views import findings
from axiom.store.views.contributions import SupportCounter
from axiom.store.views.volunteer_totals import VolunteerTotals
from axiom_weigh.grouping import group_pairs

NAMES = ("tables.xml", "user.gz", "team.gz", "host.gz", "badge_user.gz", "user_deleted.gz", "host_deleted.gz")
_PAGE = 500
_NO_MARKS = str.maketrans("[]|", "   ")
_GPU_KINDS = {"NVIDIA": "CUDA", "ATI": "CAL"}
_TEAM_OF_NO_KIND = 1
_GIVEN = re.compile(r"<user_id>([0-9]+)</user_id>\s*<badge_id>([0-9]+)</badge_id>\s*<create_time>([0-9]+)<")

_Open = TypeVar("_Open", ExportedVolunteer, ExportedTeam)


@dataclass()
class _Totals:
    volunteers: int = 0
    teams: int = 0
    hosts: int = 0
    credit: int = 0


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
        is_due = any(
            not path.is_file() or from_microseconds(path.stat().st_mtime_ns // 1000) < oldest for path in written
        )
        if is_due:
            self.write()
        return is_due

    def write(self) -> None:
        self._folder.statistics.mkdir(mode=0o700, exist_ok=True)
        for left in self._folder.statistics.glob(f"{DRAFT}*"):
            left.unlink()
        counted = _Totals()
        with Connections(folder=self._folder).follower() as db:
            self._pack("user.gz", records_xml("users", "user", self._volunteers(db, counted)))
            self._pack("team.gz", records_xml("teams", "team", self._teams(db, counted)))
            self._pack("host.gz", records_xml("hosts", "host", self._hosts(db, counted)))
            self._pack("badge_user.gz", records_xml("badge_users", "badge_user", list(self._badges(db))))
            erased = self._erased(db, tombstones.VOLUNTEER, "cpid")
            self._pack("user_deleted.gz", records_xml("users_deleted", "user", erased))
            erased = self._erased(db, tombstones.HOST, "host_cpid")
            self._pack("host_deleted.gz", records_xml("hosts_deleted", "host", erased))
            names = sorted({experiment.name for experiment in experiments.list_experiment_versions(db)})
        totals: Facts = {
            "update_time": int(self._now().timestamp()),
            "nusers_total": counted.volunteers,
            "nteams_total": counted.teams,
            "nhosts_total": counted.hosts,
            "total_credit": as_credits(counted.credit),
        }
        self._replace("tables.xml", [tables_xml(totals, names, _describe_badges(self._now()))])

    def _volunteers(self, db: Database, counted: _Totals) -> Iterator[Facts]:
        for volunteer in self._paged(credit_sites.list_exported_volunteers, db):
            counted.volunteers += 1
            counted.credit += volunteer.balance.total
            yield _volunteer(volunteer)

    def _teams(self, db: Database, counted: _Totals) -> Iterator[Facts]:
        for team in self._paged(credit_sites.list_exported_teams, db):
            counted.teams += 1
            yield _team(team)

    def _hosts(self, db: Database, counted: _Totals) -> Iterator[Facts]:
        last = 0
        while part := credit_sites.list_exported_volunteers(db, last, _PAGE):
            last, whose = part[-1].id, {volunteer.id: volunteer for volunteer in part}
            for host in credit_sites.list_exported_hosts(db, list(whose)):
                counted.hosts += 1
                yield _host(host, whose[host.volunteer_id])
            self._rest()

    def _badges(self, db: Database) -> Iterator[Facts]:
        """Who has which stamp, and since which of these files; how near anybody is to one is for themselves."""
        given_at = {(user, badge): int(at) for user, badge, at in _GIVEN.findall(self._unpack("badge_user.gz"))}
        by_host = SupportCounter().findings_by_host(db)
        against, now = findings.list_contrary_findings(db), self._now()
        last = 0
        while part := credit_sites.list_exported_volunteers(db, last, _PAGE):
            last = part[-1].id
            hosts = group_pairs(
                (host.volunteer_id, host.id)
                for host in credit_sites.list_exported_hosts(db, [volunteer.id for volunteer in part])
            )
            for volunteer in part:
                answers = {number for host in hosts.get(volunteer.id, ()) for number in by_host.get(host, ())}
                record = VolunteerTotals(volunteer_id=volunteer.id).record(db)
                done = sum_contribution(
                    valid=record.valid,
                    cpu_seconds=record.cpu_seconds,
                    answers=answers,
                    against=against,
                    since=volunteer.created_at,
                )
                for stamp in list_stamps(done, now):
                    pair = str(volunteer.id), str(NUMBERS[stamp.name])
                    if stamp.is_earned:
                        since = given_at.get(pair, int(now.timestamp()))
                        yield {"user_id": pair[0], "badge_id": pair[1], "create_time": since}
            self._rest()

    def _unpack(self, name: str) -> str:
        packed = self.read(name)
        return gzip.decompress(packed).decode() if packed else ""

    def _erased(self, db: Database, noun: str, tag: str) -> list[Facts]:
        return [
            {"id": tombstone.number, tag: tombstone.cpid}
            for tombstone in tombstones.list_tombstones(db, noun, self._now() - limits.ERASED_TOLD_FOR)
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
        with open_atomically(self._folder.statistics / name, AS_UMASK) as file:
            if packed:
                with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as pack:
                    pack.writelines(pieces)
            else:
                file.writelines(pieces)


def _describe_badges(now: datetime) -> list[Facts]:
    nobody = list_stamps(Contribution(valid=0, hours=0.0, answers=0, changed=0, since=now), now)
    return [
        {"id": NUMBERS[stamp.name], "name": stamp.name, "title": stamp.title, "image_url": "static/mark.svg"}
        for stamp in sorted(nobody, key=lambda stamp: NUMBERS[stamp.name])
    ]


def _volunteer(volunteer: ExportedVolunteer) -> Facts:
    is_heard = judge_visibility(volunteer.balance).may
    return {
        "id": volunteer.id,
        "name": volunteer.name,
        "create_time": int(volunteer.created_at.timestamp()),
        **_credit(volunteer.balance),
        "cpid": external_cpid(volunteer.cross_id, volunteer.address),
        "country": (is_heard and volunteer.country) or None,
        "url": (is_heard and volunteer.website) or None,
        "teamid": volunteer.team_id,
    }


def _team(team: ExportedTeam) -> Facts:
    is_heard = judge_visibility(team.of_founder).may
    return {
        "id": team.id,
        "type": _TEAM_OF_NO_KIND,
        "name": team.name,
        "userid": team.founder_id,
        **_credit(team.balance),
        "founder_name": team.founder_name,
        "create_time": int(team.created_at.timestamp()),
        "url": (is_heard and team.website) or None,
        "description": (is_heard and team.about) or None,
        "country": team.country if is_heard else "",
    }


def _host(host: ExportedHost, volunteer: ExportedVolunteer) -> Facts:
    """A host; its volunteer is named only where the volunteer shows hosts."""
    facts = host.facts
    return {
        "id": host.id,
        "userid": volunteer.id if volunteer.shows_hosts else None,
        **_credit(host.balance),
        "p_vendor": str(facts.get("vendor", "")),
        "p_model": str(facts.get("model", "")),
        "os_name": str(facts.get("system", "")),
        "os_version": str(facts.get("system_version", "")),
        "boinc_version": str(facts.get("boinc", "")) or None,
        "coprocs": "".join(_gpu(*gpu) for gpu in host.gpus) or None,  # as BOINC writes them
        "create_time": int(host.created_at.timestamp()),
        "rpc_time": int(host.seen_at.timestamp()),
        "timezone": int(facts.get("timezone", 0)),
        "ncpus": int(facts.get("cores_all", host.cores)),
        "p_fpops": float(host.flops),
        "p_iops": float(facts.get("iops", 0.0)),
        "p_membw": float(facts.get("memory_bandwidth", 0.0)),
        "m_nbytes": float(facts.get("memory_bytes_all", 0.0)),
        "m_cache": float(facts.get("cache_bytes", 0.0)),
        "m_swap": float(facts.get("swap_bytes", 0.0)),
        "d_total": float(facts.get("disk_bytes_all", 0.0)),
        "d_free": float(facts.get("disk_bytes_free", 0.0)),
        "n_bwup": float(facts.get("bytes_up", 0.0)),
        "n_bwdown": float(facts.get("bytes_down", 0.0)),
        "avg_turnaround": float(host.turnaround_seconds),
        "credit_per_cpu_sec": 0.0,
        "host_cpid": exported_host_cpid(host.cpid, volunteer.address) if host.cpid else "",
    }


def _gpu(kind: str, count: int, megabytes: int, model: str) -> str:
    name = model.translate(_NO_MARKS)
    return f"[{_GPU_KINDS.get(kind, kind.translate(_NO_MARKS))}|{name}|{count}|{megabytes}MB|]"


def _credit(balance: Balance) -> dict[str, str | float]:
    """Credits, and of those of late so many a day as it was at a moment, in seconds since 1970."""
    return {
        "total_credit": as_credits(balance.total),
        "expavg_credit": float(balance.recent),
        "expavg_time": from_microseconds(balance.recent_at).timestamp(),
    }
