"""What a dump holds, what of it a laboratory takes, and what it leaves: read once, before anything is written."""

from collections import Counter
from dataclasses import dataclass, field, replace

from axiom.boinc.account_keys import is_key
from axiom.domain.work import read_task_name
from axiom.server.scheduler.host_programs import APP
from axiom.store.tasks.foreign_tasks import ForeignTask
from axiom_adopt.dump import Dump
from axiom_adopt.laboratory_rows import count_thousandths, is_bcrypt, is_cut_off, is_md5, moment_of
from axiom_adopt.old_preferences import read_old_preferences
from axiom_adopt.old_server_records import (
    IN_PROGRESS,
    KINDS,
    App,
    Consent,
    ConsentType,
    Host,
    HostDeleted,
    Record,
    Result,
    Team,
    User,
    UserDeleted,
)
from axiom_adopt.who_signs_in import AddressOwners, tidy_address

_WITH_WISHES = {"consent", "consent_type", "user_deleted", "host_deleted"}
_STATISTICS = "STATSEXPORT"
_NAMED = 20  # examples of each loss that a report names
_CHAIN = 20  # merges of merged hosts that are followed


@dataclass(kw_only=True)
class Losses:
    """What does not come along, by its kind: how often, and the first few."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, example: object) -> None:
        self.counts[kind] += 1
        examples = self.examples.setdefault(kind, [])
        if len(examples) < _NAMED:
            examples.append(str(example))


@dataclass(kw_only=True)
class Inspection:
    """What loading needs to know beforehand. Of people and computers only numbers are kept."""

    digest: str = ""
    next_ids: dict[str, int] = field(default_factory=dict)
    people: set[int] = field(default_factory=set)
    computers: dict[int, int] = field(default_factory=dict)  # whose they are
    teams: dict[int, Team] = field(default_factory=dict)
    members: dict[int, int] = field(default_factory=dict)  # their teams
    merges: dict[int, int] = field(default_factory=dict)
    deleted: list[UserDeleted | HostDeleted] = field(default_factory=list)
    tasks: list[ForeignTask] = field(default_factory=list)
    apps: dict[int, str] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)  # thousandths of users, hosts and teams
    newest_contact: float = 0.0
    unsent: int = 0
    passwords: Counter[str] = field(default_factory=Counter)
    losses: Losses = field(default_factory=Losses)
    owners: AddressOwners = field(default_factory=AddressOwners)  # who signs in
    _results: list[Result] = field(default_factory=list)
    _statistics: set[int] = field(default_factory=set)  # kinds of consent
    _consents: dict[tuple[int, int], tuple[float, bool]] = field(default_factory=dict)  # the latest

    def take(self, record: Record) -> None:
        for column in record.doubtful:
            self.losses.add("texts that were no UTF-8, or are repaired", f"line {record.line}, {record.table}.{column}")
        if isinstance(record, User | Host | Team):
            self.next_ids[record.table] = max(self.next_ids.get(record.table, 1), record.id + 1)
        match record:
            case User():
                self._take_user(record)
            case Host():
                self._take_host(record)
            case Team():
                self.teams[record.id] = record
            case ConsentType() if record.shortname == _STATISTICS and record.enabled:
                self._statistics.add(record.id)
            case Consent():
                key, answer = (record.userid, record.consent_type_id), (record.consent_time, record.consent_flag)
                self._consents[key] = max(answer, self._consents.get(key, answer))
            case UserDeleted() | HostDeleted():
                self.deleted.append(record)
            case App():
                self.apps[record.id] = record.name
                if record.name == APP:
                    self.losses.add("programs of an application that is called as ours is", record.name)
            case Result() if record.server_state == IN_PROGRESS:
                self._results.append(record)
            case Result():
                self.unsent += 1
            case _:
                pass

    def close(self) -> None:
        """All rows were taken: drop what hangs on nobody."""
        for number in [number for number, owner in self.computers.items() if owner not in self.people]:
            self.losses.add("computers of nobody", number)
            del self.computers[number]
        self.members = {person: team for person, team in self.members.items() if team in self.teams}
        founded = set(self.people)
        eldest: dict[int, int] = {}
        for person in sorted(self.members):
            eldest.setdefault(self.members[person], person)
        for team in list(self.teams.values()):
            if team.userid not in founded and team.id in eldest:
                self.losses.add("founders who are gone: the eldest member has the team", team.id)
                self.teams[team.id] = replace(team, userid=eldest[team.id])
            elif team.userid not in founded:
                self.losses.add("teams of nobody", team.id)
                del self.teams[team.id]
            if team.id in self.teams:
                self.totals["team"] += count_thousandths(team.total_credit)
        self.tasks = [task for result in self._results if (task := self._foreign_task(result)) is not None]

    def is_exported(self, user_id: int) -> bool:
        """Did they agree to appear elsewhere? Where the server never asked, it told of everybody."""
        latest = [self._consents.get((user_id, kind), (0.0, False))[1] for kind in self._statistics]
        return any(latest) or not self._statistics

    def host_behind(self, number: int) -> int | None:
        for _ in range(_CHAIN):
            if number in self.computers:
                return number
            number = self.merges.get(number, 0)
        return None

    def _take_user(self, user: User) -> None:
        if user.is_deleted:
            self.losses.add("accounts that were deleted", user.id)
            return
        self.people.add(user.id)
        self.totals["user"] += count_thousandths(user.total_credit)
        if user.teamid:
            self.members[user.id] = user.teamid
        self.passwords["bcrypt" if is_bcrypt(user.passwd_hash) else "MD5" if is_md5(user.passwd_hash) else "none"] += 1
        address = tidy_address(user.email_addr)
        if address is None:
            self.losses.add("accounts without an address", user.id)
        elif (younger := self.owners.claim(address, user.id)) is not None:
            self.losses.add("addresses in two spellings: the older account signs in", younger)
        elif address != user.email_addr:
            self.passwords["mixed-case addresses"] += 1
        for tag in sorted(read_old_preferences(user.project_prefs.decode("utf-8", "replace")).dropped):
            self.losses.add(f"project preferences that nothing here heeds: {tag}", user.id)
        if is_cut_off(user.global_prefs):
            self.losses.add("computing preferences that are cut off or no XML", user.id)
        if not is_key(user.authenticator):
            self.losses.add("account keys that no client can have", user.id)
        if user.has_profile:
            self.losses.add("profiles", user.id)

    def _take_host(self, host: Host) -> None:
        if host.merged_into:
            self.merges[host.id] = host.merged_into
        elif host.userid:
            self.computers[host.id] = host.userid
            self.newest_contact = max(self.newest_contact, host.rpc_time)

    def _foreign_task(self, result: Result) -> ForeignTask | None:
        host_id = self.host_behind(result.hostid)
        if host_id is None:
            self.losses.add("tasks on computers that are not known", result.name)
            return None
        if read_task_name(result.name) is not None:
            self.losses.add("tasks that are called as ours are", result.name)
            return None
        app = self.apps.get(result.appid, "")
        return ForeignTask(name=result.name, host_id=host_id, app=app, deadline=moment_of(result.report_deadline))


def inspect_dump(dump: Dump) -> Inspection:
    """Read all of it once. Nothing counts before the last line has been read, which is there in a whole dump alone."""
    inspection = Inspection()
    for record in dump.read(*KINDS):
        inspection.take(record)
    inspection.digest = dump.digest
    for table, number in dump.next_ids.items():  # some dump without it, and then only rows say so
        inspection.next_ids[table] = max(inspection.next_ids.get(table, 1), number)
    for table in sorted(_WITH_WISHES.intersection(dump.absent)):
        inspection.losses.add("what people agreed to or had deleted: the dump has no such table", table)
    inspection.close()
    return inspection
