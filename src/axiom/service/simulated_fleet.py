from axiom.boinc.account_keys import account_key
from axiom.decisions.hosts.runners import DRILL
from axiom.domain.callers import Caller, Capability, Limits
from axiom.domain.work import TaskState
from axiom.server.upkeep.jobs import Job
from axiom.service.engine import ComputingParts
from axiom.service.volunteer_project import VolunteerParts
from axiom.signed.keys import Secrets
from axiom.store.engine import counters
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments

_CALLER = Caller(
    name="fleet",
    capabilities=frozenset({Capability.READ, Capability.DEPLOY, Capability.OPERATE}),
    limits=Limits(workunits_per_day=10_000_000, aborts_per_day=0),
)


def play_fleet(amount: int, core: ComputingParts, volunteers: VolunteerParts, secrets: Secrets) -> None:
    """From the start of the jobs on, so many simulated computers take part; none, unless they were asked for."""
    if not amount:
        return
    from axiom.simulation.live import LiveFleet  # which nobody else waits for

    played = LiveFleet(
        amount,
        project=volunteers.project,
        transfers=volunteers.transfers,
        submit=lambda command: core.gate.submit(command, _CALLER),
        key_of=lambda volunteer: account_key(secrets.accounts, volunteer, 1),
        now=core.gate.now,
    )
    core.jobs.add(Job(name="fleet", every=0.5, work=played.turn, remembered=False))
    supply = Job(name="supply", every=5.0, work=lambda: played.supply(core.writer.run(_unsent)), remembered=False)
    core.jobs.add(supply)


def _unsent(db: Database) -> int:
    drill = experiments.by_name(db, DRILL)
    return counters.amount(db, "task", drill.id, TaskState.UNSENT) if drill else 0
