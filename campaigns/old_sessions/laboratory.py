"""The laboratory through which the story passes: its store, its dispatch, its judging, its credit, its sessions.

All of it is the real thing but for the wire and for whoever computes: work is handed out, reported, judged, paid and
reviewed by the functions that the server calls, in transactions as the server's writer makes them.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from simulation.keys import keys_of
from vouching import vouch

from axiom.domain.failure_causes import Cause
from axiom.domain.fleet import Capacity, Gpu, Platform
from axiom.domain.rounds import Allotment
from axiom.domain.work import Exit, Report, TaskState
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.credit.rules.tariffs import PRESETS
from axiom.laboratory.experiments.publish import publish_bundle
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.planning.replicate_orders import order_replicates
from axiom.laboratory.policy import Policy
from axiom.laboratory.rounds import rounds
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.dispatch import grant_tasks
from axiom.server.dispatch.tasks_per_host import read_allowance
from axiom.server.dispatch.work_request import DispatchSettings, GrantedTask, WorkRequest
from axiom.server.returns import rechecks, reporting
from axiom.server.returns.transitioner import transit_many
from axiom.server.returns.validator import Validator
from axiom.server.upkeep import janitor
from axiom.settings import Settings
from axiom.signed.keys import Keys
from axiom.signed.trust import TRUST_FILE
from axiom.store.accounts import accounts
from axiom.store.credit import tariffs
from axiom.store.engine import blobs
from axiom.store.engine.database import Database, connect_writer
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom.store.hosts import hosts
from axiom.store.migrate import migrate_database
from axiom.store.tasks import workunits as workunit_store
from old_sessions import standins
from old_sessions.reading import Computed, Computer, Impossible, demand, fleet
from old_sessions.story import CONCLUDING, SEEDED_FROM

KINDS = ("", "NVIDIA")  # of GPUs on which there are programs
_POLICY = Policy(per_core=0, task_seconds=3_600.0, max_failures=1)  # a person orders; a workunit had one copy
_GOOD_FOR = timedelta(days=3_650)
_UNSENT = """
SELECT t.experiment_id, t.target_host_id, t.workunit_id FROM task t WHERE t.state = 'unsent' ORDER BY t.id
"""
_DIED = (Exit.CHILD_LOST, Cause.CHILD_LOST, 3)
_BY_PERSON = (Exit.ABORTED_BY_USER, Cause.ABORTED_BY_VOLUNTEER, 6)
_WELL = (Exit.DONE, Cause.SUCCESS, 5)
_TAKEN_BACK = (Exit.ABORTED_BY_LAB, Cause.ABORTED_BY_LABORATORY, 6)
_ENDS = {"died": _DIED, "aborted": _BY_PERSON, "stopped": _TAKEN_BACK}


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A workunit whose task nobody has."""

    experiment: str
    host: str
    workunit: int


@dataclass(kw_only=True)
class Laboratory:
    """A laboratory whose clock the player sets."""

    folder: Folder
    keys: Keys
    db: Database
    now: datetime
    validator: Validator
    cache: DispatchCache = field(default_factory=DispatchCache)
    paying: CreditPayer = field(default_factory=CreditPayer)
    ourselves: int = 0
    versions: dict[str, int] = field(default_factory=dict)  # experiment as the story calls it to its id
    hosts: dict[str, int] = field(default_factory=dict)

    @classmethod
    def make(cls, place: Path, now: datetime, *, members: Sequence[Computer] | None = None) -> "Laboratory":
        """A new one, with its fleet."""
        folder = Folder(path=place)
        folder.create()
        keys, trust = keys_of(42, now)
        folder.keys.mkdir(mode=0o700, exist_ok=True)
        (folder.keys / TRUST_FILE).write_bytes(trust)
        db = connect_writer(folder.database)
        migrate_database(db, folder, now)
        validator = Validator(folder, rechecks.secret_of(keys.ticket))
        made = cls(folder=folder, keys=keys, db=db, now=now, validator=validator)
        with db.transaction():
            made.ourselves = accounts.find_laboratory_account(db, now)
            made._meet(fleet() if members is None else members)
        return made

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()

    def publish(self, experiment: str, *, is_mended: bool = False) -> None:
        """Make it known, and say that it passed its preflight; nobody computes it."""
        if experiment in self.versions and not is_mended:
            return
        name, _ = standins.version_of(experiment)
        made = standins.standin(experiment, concludes=name in CONCLUDING, is_mended=is_mended)
        with self.db.transaction():
            published = publish_bundle(self.db, self.folder, made, keys=self.keys, good_for=_GOOD_FOR, now=self.now)
            vouch(self.db, made.digest, self.now)
        self.versions[experiment] = published.experiment_id or 0

    def announce(self, tariff: str, since: datetime) -> None:
        """This one of the old tables holds for what was sent since then."""
        with self.db.transaction():
            tariffs.add_tariff(self.db, PRESETS[tariff], since, because="as the old log has it")

    def order(self, experiment: str, host: str, workunits: int) -> None:
        """Order so many of an experiment for one host; the caller is in a transaction."""
        allotment = Allotment(
            experiment_id=self.versions[experiment], workunits=workunits, replicates_each=1, reason="as the logs say"
        )
        order_replicates(self.db, allotment, max_failures=_POLICY.max_failures, now=self.now, host_id=self.hosts[host])

    def fetch(self, host: str, most: int) -> tuple[Sequence[GrantedTask], str]:
        """The host asks for so many tasks; what it gets, and why not more."""
        with self.db.transaction():
            asking = hosts.find_host(self.db, self.hosts[host])
            if asking is None:
                raise Impossible(f"there is no host {host}")
            wanted = {"NVIDIA": (0.0, float(most))} if asking.capacity.gpus else {}
            request = WorkRequest(
                seconds=0.0, instances=most, most=most, holding=None, gpus=wanted, programs=frozenset(KINDS)
            )
            allowance = read_allowance(self.db, self._dispatch.volunteers, asking)
            handed = grant_tasks(self.db, self._dispatch, self.cache, asking, request, self.now, allowance=allowance)
            hosts.touch_host(self.db, asking.id, self.now)
        return handed.granted, handed.reason

    def hear(self, names: Iterable[str]) -> None:
        """These hosts are heard from."""
        with self.db.transaction():
            for name in names:
                hosts.touch_host(self.db, self.hosts[name], self.now)

    def bring(self, done: Sequence[tuple[datetime, GrantedTask, Computed]]) -> None:
        """Hosts report what they computed, each at its time; then all of it is judged and paid."""
        with self.db.transaction():
            for when, granted, computed in done:
                self.now = when
                self._report(granted, computed)
        with self.db.transaction():
            while self.validator.judge(self.db, self.now):
                pass
            while self.paying.pay(self.db, self.now):
                pass

    def waiting(self) -> list[Waiting]:
        """Every task that nobody has, the oldest first."""
        numbers = {number: name for name, number in self.versions.items()}
        names = {number: name for name, number in self.hosts.items()}
        return [
            Waiting(
                experiment=numbers[row["experiment_id"]],
                host=names.get(row["target_host_id"], ""),
                workunit=row["workunit_id"],
            )
            for row in self.db.select(_UNSENT)
        ]

    def take_back(self, workunits: Sequence[int], why: str) -> None:
        """Cancel workunits one by one, as `axiom work cancel` does."""
        with self.db.transaction():
            workunit_store.request_aborts(self.db, workunits, why)
            transit_many(self.db, workunits, self.now)

    def retire(self, experiment: str, why: str) -> int:
        """Withdraw a version; how many open workunits it had."""
        with self.db.transaction():
            version = experiments.find_experiment(self.db, self.versions[experiment])
            if version is None or version.status != "open":
                return 0
            return retire_version(self.db, version.id, why, self.now)

    def hold(self, reason: str) -> str:
        """A session from its first step to its last, after the janitor; its name."""
        with self.db.transaction():
            janitor.clean(self.db, self.folder, self.now)
        while True:
            with self.db.transaction():
                done = rounds.take_next_step(self.db, _POLICY, pi="person", reason=reason, now=self.now)
            self.now += timedelta(seconds=1)
            if done.ended:
                return done.round.name

    @property
    def _dispatch(self) -> DispatchSettings:
        return DispatchSettings(
            lab=self.keys.trust.lab,
            trust=self.keys.trust.version,
            key=self.keys.ticket,
            deadline=timedelta(hours=48),
            grace=timedelta(days=30),
            daily_per_core=Settings().daily_per_core,
            ourselves=self.ourselves,
        )

    def _meet(self, members: Sequence[Computer]) -> None:
        owners = {
            name: accounts.create_account(
                self.db, name=name, email=f"{name}@example.org", password="", cross_id=name, now=self.now
            )
            for name in dict.fromkeys(member.volunteer for member in members)
        }
        for member in members:
            gpus = (Gpu(kind="NVIDIA", count=member.gpus, memory_mb=8_000),) if member.gpus else ()
            client = hosts.ClientDescription(
                name=member.name,
                cpid=hashlib.md5(member.name.encode(), usedforsecurity=False).hexdigest(),
                platform=Platform(system=member.system, processor="x86_64", instructions="avx2"),
                capacity=Capacity(cores=member.cores, memory_mb=member.memory_mb, disk_mb=1_000_000, gpus=gpus),
                flops=4e9,
                availability=1.0,
                facts={},
                digest=member.name,
            )
            self.hosts[member.name] = hosts.add_host(self.db, owners[member.volunteer], client, self.now)

    def _report(self, granted: GrantedTask, computed: Computed) -> None:
        exit_status, cause, state = _ENDS.get(computed.outcome, _WELL)
        body = None
        if cause is Cause.SUCCESS:
            forgets = self.now < SEEDED_FROM
            body = standins.output(granted.order.ticket, forgets_seed=forgets, raises=computed.outcome == "raised")
        report = Report(
            task_id=granted.task,
            host_id=self.hosts[computed.host],
            exit_status=exit_status,
            output_digest=None if body is None else hashlib.sha256(body).hexdigest(),
            cpu_seconds=computed.seconds,
            elapsed_seconds=computed.seconds,
            boinc_state=state,
            cause=cause,
        )
        if cause is Cause.ABORTED_BY_LABORATORY:  # which is believed of a host where it was done
            workunit_store.request_abort(self.db, granted.workunit, "the laboratory has taken it back")
            transit_many(self.db, [granted.workunit], self.now)
        if body is not None:
            blobs.store_output_blobs(self.db, self.folder, [body], self.now)
        (taken,) = reporting.take_reports(self.db, self.folder, [report], self.now, trust=self.keys.trust)
        demand(taken.state is not None, taken.reason)
        if taken.state is TaskState.ABORTED:  # the old laboratory had no second copies
            transit_many(self.db, [granted.workunit], self.now)
            workunit_store.request_abort(self.db, granted.workunit, "its host has given it up")
            transit_many(self.db, [granted.workunit], self.now)


def counted(waiting: Iterable[Waiting]) -> Counter[tuple[str, str]]:
    """How many wait for each host of each experiment."""
    return Counter((task.host, task.experiment) for task in waiting)
