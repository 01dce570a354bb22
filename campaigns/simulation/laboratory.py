"""A real laboratory without processes, threads or sockets: its handlers, its jobs, its gate, its ends and starts."""

import functools
import tempfile
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from vouching import vouch

import axiom
from axiom.autopilot import autopilot
from axiom.boinc import account_keys
from axiom.domain.callers import Caller, Capability, Limits
from axiom.gate.command import Answer, Command
from axiom.gate.gate import CommandGate
from axiom.gate.laboratory import Laboratory
from axiom.laboratory.credit.pay import CreditPayer
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment, publish_bundle
from axiom.laboratory.open_gate import open_gate
from axiom.laboratory.policy import policy_from_settings
from axiom.laboratory.rounds import rounds
from axiom.rules.hosts.suitable_runners import DRILL
from axiom.server.dispatch.cache import DispatchCache
from axiom.server.dispatch.work_request import DispatchSettings
from axiom.server.http.uploads import Transfers
from axiom.server.returns import rechecks
from axiom.server.returns.outages import extend_deadlines
from axiom.server.returns.transitioner import sweep_late, sweep_unattended
from axiom.server.returns.validator import Validator
from axiom.server.scheduler.reply_elements import Links, Project
from axiom.server.scheduler.scheduler import Scheduler, open_scheduler
from axiom.server.upkeep import janitor
from axiom.settings import Settings
from axiom.signed.keys import Keys, Secrets
from axiom.signed.trust import TRUST_FILE
from axiom.store.accounts import accounts
from axiom.store.connections import Connections
from axiom.store.engine.database import Database
from axiom.store.engine.folder import Folder
from axiom.store.migrate import migrate_database
from axiom.store.registrations import seed_secrets
from axiom.store.upkeep import jobs
from simulation.disk import Fate, connect
from simulation.files import Files
from simulation.keys import keys_of, secrets_of, seed_secret_of
from simulation.writer import Prompt, PromptWriter

T = TypeVar("T")

MASTER = "http://simulated.example/"
BURDEN, BULK = "burden", "bulk"
PUBLISHED_FOR = timedelta(days=3_650)
_CALLER = Caller(
    name="simulation", capabilities=frozenset(Capability), limits=Limits(workunits_per_day=10**9, aborts_per_day=10**9)
)
_SIGN_OF_LIFE = "alive"
_AT_ONCE = 50  # times that a job goes on while there is more to do


@functools.cache
def experiments() -> tuple[PackedBundle, ...]:
    """What is published: packed and described once for each process."""
    here, package = Path(__file__), Path(axiom.__file__).parent
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        burden = Path(folder) / f"{BURDEN}.py"
        # These computers stand for real ones, so what they get is the drill under another name; and longer, as it was.
        drill = here.with_name(f"{DRILL}.py").read_text()
        burden.write_text(drill.replace(f'"{DRILL}"', f'"{BURDEN}"').replace("300.0", "1_800.0"))
        return (
            pack_experiment(package, burden),
            pack_experiment(package, here.with_name("question.py")),
            pack_experiment(package, here.with_name(f"{BULK}.py")),
        )


@dataclass(kw_only=True)
class SimulatedClock:
    """The laboratory's time, which passes when it is told to."""

    now: datetime

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now


@dataclass(frozen=True, kw_only=True)
class LaboratoryParts:
    """What lives as long as the laboratory's process does."""

    writer: PromptWriter
    scheduler: Scheduler
    transfers: Transfers
    validator: Validator
    paying: CreditPayer
    gate: CommandGate


@dataclass(kw_only=True)
class Simulated:
    """A laboratory in a folder, alive or not. Whoever calls it while it is not gets no answer."""

    folder: Folder
    clock: SimulatedClock
    keys: Keys
    secrets: Secrets
    settings: Settings
    fate: Fate = field(default_factory=Fate)
    journalled: bool = True
    settles: bool = True  # judges and pays before it answers a report, as a quiet laboratory does
    parts: LaboratoryParts | None = None

    @classmethod
    def make(
        cls,
        place: Path,
        seed: int,
        now: datetime,
        settings: Settings,
        *,
        journalled: bool = True,
        published: Sequence[PackedBundle] = (),
    ) -> "Simulated":
        """A new laboratory with these experiments published, else the usual ones; not started yet."""
        folder = Folder(path=place)
        folder.create()
        keys, trust = keys_of(seed, now)
        folder.keys.mkdir(mode=0o700, exist_ok=True)
        (folder.keys / TRUST_FILE).write_bytes(trust)
        made = cls(
            folder=folder,
            clock=SimulatedClock(now=now),
            keys=keys,
            secrets=secrets_of(seed),
            settings=settings,
            journalled=journalled,
        )
        with patch.object(seed_secrets, "new_secret", lambda: seed_secret_of(seed)):
            made._begin(published or experiments())
        return made

    @functools.cached_property
    def files(self) -> Files:
        """What its files meet."""
        return Files(folder=self.folder, fate=self.fate)

    @property
    def is_up(self) -> bool:
        """Does its process live, and can it still write?"""
        return self.parts is not None and self.parts.writer.failed is None and not self.fate.is_dead

    @property
    def up(self) -> LaboratoryParts:
        """Its parts; whoever asks knows that it is up."""
        if self.parts is None:
            raise LookupError("the simulated laboratory is down")
        return self.parts

    def start(self) -> int:
        """Go on from what is in the folder; how many tasks got more time since it was away."""
        self.fate.is_dead = False
        connected = functools.partial(connect, self.folder, self.clock, self.fate, journalled=self.journalled)
        writer = PromptWriter(connected, self.fate)
        writer.start()
        try:
            moved = writer.run(lambda db: extend_deadlines(db, self.clock.now))
            ourselves = writer.run(lambda db: accounts.find_laboratory_account(db, self.clock.now))
        except BaseException:  # killed once more, before it was up
            writer.stop()
            raise
        validator, paying = Validator(self.folder, rechecks.secret_of(self.keys.ticket)), CreditPayer()
        laboratory = Laboratory(
            folder=self.folder, keys=self.keys, settings=self.settings, package=Path(axiom.__file__).parent
        )

        def judge_and_pay(db: Database, now: datetime) -> None:
            if self.settles:
                validator.judge(db, now)
                paying.pay(db, now)

        transfers = Transfers(
            writer=writer, folder=self.folder, key=self.secrets.upload, now=self.clock, threads=Prompt()
        )
        self.parts = LaboratoryParts(
            writer=writer,
            scheduler=self._open_scheduler(writer, ourselves, judge_and_pay, transfers.begun.delete_parts),
            transfers=transfers,
            validator=validator,
            paying=paying,
            gate=open_gate(writer, laboratory, self.clock),
        )
        return moved

    def end(self) -> None:
        """Its process is gone, whatever it was doing; the kernel closes its files."""
        if self.parts is not None:
            self.parts.writer.stop()
            self.parts = None

    def judge(self) -> int:
        """Judge what came back."""
        return self._do(lambda db: self.up.validator.judge(db, self.clock.now))

    def pay(self) -> int:
        """Pay what is proven."""
        return self._do(lambda db: self.up.paying.pay(db, self.clock.now))

    def sweep(self) -> int:
        """Give up what is late, and look after what nothing is done for."""
        return self._do(lambda db: sweep_late(db, self.clock.now)) + self._do(
            lambda db: sweep_unattended(db, self.clock.now)
        )

    def work(self) -> None:
        """What its jobs do again and again: give up what is late, judge, pay, give up checks, say that it lives."""
        now = self.clock.now
        self.sweep()
        for job in (self.judge, self.pay):
            for _ in range(_AT_ONCE):
                if not job():
                    break
        self._do(lambda db: rechecks.give_up(db, now))
        self.live()

    def live(self) -> None:
        """Say that it is there: a gap between two such signs is an outage."""
        self._do(lambda db: jobs.record_job_start(db, _SIGN_OF_LIFE, 300.0, self.clock.now))

    def tidy(self) -> None:
        """What it does once a day."""
        self._do(lambda db: janitor.clean(db, self.folder, self.clock.now))
        self.up.transfers.begun.sweep(self.clock.now)

    def attend(self) -> str:
        """Hold a session if there is a reason to; its name, or nothing."""
        with Connections(folder=self.folder).reader() as db:
            reason = rounds.why_round_due(db, policy_from_settings(self.settings), self.clock.now)
        return autopilot.hold_session(self, reason) if reason else ""

    def status(self) -> dict[str, Any]:
        """Nothing that the autopilot is told here: it is sent when there is a reason."""
        return {}

    def submit(self, command: Command) -> Answer:
        """Have a command done."""
        return self.up.gate.submit(command, _CALLER)

    def order(self, workunits: int, replicates_each: int = 1, experiment: str = BURDEN) -> None:
        """Order more of what nothing is concluded from."""
        self.submit(
            DeployExperiment(
                experiment=experiment, workunits=workunits, replicates_each=replicates_each, reason="a simulation"
            )
        )

    def join(self, name: str) -> str:
        """Somebody opens an account; the key of it."""

        def made(db: Database) -> str:
            number = accounts.create_account(
                db,
                name=name,
                email=f"{name}@example.org",
                password="",
                cross_id=f"{name:0>32}"[-32:],
                now=self.clock.now,
            )
            key = account_keys.account_key(self.secrets.accounts, number, 1)
            weak = account_keys.weak_key(self.secrets.accounts, number, 1)
            digest, weak_digest = account_keys.key_digest(key), account_keys.key_digest(weak)
            accounts.set_keys(db, number, key_serial=1, key_digest=digest, weak_digest=weak_digest)
            return key

        return self._do(made)

    def _do(self, work: Callable[[Database], T]) -> T:
        return self.up.writer.run(work)

    def _begin(self, published: Sequence[PackedBundle]) -> None:
        db = connect(self.folder, self.clock, Fate(), journalled=False)
        try:
            migrate_database(db, self.folder, self.clock.now)
            with db.transaction():
                for bundle in published:
                    publish_bundle(
                        db,
                        self.folder,
                        bundle,
                        keys=self.keys,
                        good_for=PUBLISHED_FOR,
                        now=self.clock.now,
                        has_address=bool(self.settings.url),
                    )
                    vouch(db, bundle.digest, self.clock.now)
        finally:
            db.close()

    def _open_scheduler(
        self,
        writer: PromptWriter,
        ourselves: int,
        judge_and_pay: Callable[[Database, datetime], None],
        forget_uploads: Callable[[Collection[int]], None],
    ) -> Scheduler:
        links = Links(master=MASTER, upload_key=self.secrets.upload)
        return open_scheduler(
            Project(name="Simulation", links=links, code=self.secrets.code),
            writer=writer,
            folder=self.folder,
            dispatch=DispatchSettings(
                lab=self.keys.trust.lab,
                trust=self.keys.trust.version,
                key=self.keys.ticket,
                deadline=timedelta(hours=self.settings.deadline_hours),
                grace=timedelta(days=self.settings.ticket_days),
                tasks_per_core=self.settings.tasks_per_core,
                daily_per_core=self.settings.daily_per_core,
                ourselves=ourselves,
            ),
            cache=DispatchCache(),
            runners={},
            trust=self.keys.trust,
            now=self.clock,
            threads=Prompt(),
            judge_and_pay=judge_and_pay,
            announce_reports=lambda: None,
            forget_uploads=forget_uploads,
        )
