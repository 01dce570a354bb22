"""What a host asks for and how much it may have, and what it is given."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from axiom.boinc.requests import SchedulerRequest
from axiom.domain.fleet import ProjectPreferences
from axiom.domain.value import value_class
from axiom.limits import tasks as limits
from axiom.rules.tasks.assignment import RequestedWork
from axiom.rules.tasks.tasks_per_host import Allowance
from axiom.signed.signing_key import SigningKey
from axiom.signed.tickets import Order


@dataclass(frozen=True, kw_only=True)
class DispatchSettings:
    lab: str
    trust: int  # version of the trust file that hosts must have by now
    key: SigningKey
    deadline: timedelta
    grace: timedelta  # how long after its deadline a ticket is still obeyed
    tasks_per_core: int = 16  # that a volunteer's host may have in hand
    daily_per_core: int | None = None  # None is any number
    ourselves: int = 0  # the laboratory's own account; 0 where the laboratory computes nothing itself
    task_seconds: float = 8.0  # that a task of its own hosts should take
    approvals: str = ""  # what somebody must approve before volunteers get it: nothing, or `code`

    @property
    def volunteers(self) -> Allowance:
        return Allowance(deadline=self.deadline, tasks_per_core=self.tasks_per_core, daily_per_core=self.daily_per_core)


@value_class
class WorkRequest(RequestedWork):
    holding: frozenset[int] | None  # None: it does not say, and is believed to have what it was given
    programs: frozenset[str] = frozenset({""})
    jointly: bool = False  # its programs read orders that share a signature
    on_several_cores: bool = False  # its client gives a task as many cores as we say


@value_class
class GrantedTask:
    task: int
    workunit: int
    experiment: int
    name: str
    order: Order
    seconds: float  # of a reference core, expected of this kind of host
    declared_seconds: float  # as the file says, which is what bounds it
    memory_mb: int  # for each of its cores
    disk_mb: int
    deadline: datetime
    bundle: str  # its digest
    seal: str
    gpu: str = ""  # the kind on which it computes
    cores: int = 1
    times_longer: int = 1  # than usual that it may take, by an operator's word


@value_class
class WorkGrant:
    granted: tuple[GrantedTask, ...]
    lost: tuple[GrantedTask, ...]
    reason: str


def read_work_request(
    request: SchedulerRequest,
    *,
    programs: frozenset[str],
    preferences: ProjectPreferences,
    holding: frozenset[int] | None,
) -> WorkRequest:
    """What a BOINC client asks for, as far as there are programs for it and its volunteer wants it."""
    is_served = "" in programs
    seconds = max(request.cpu.seconds, request.work_seconds if not request.coprocessors else 0.0)
    return WorkRequest(
        seconds=seconds if is_served else 0.0,
        instances=request.cpu.instances if is_served else 0.0,
        most=limits.TASKS_IN_AN_ANSWER,
        holding=holding,
        gpus={
            coprocessor.kind: (coprocessor.ask.seconds, coprocessor.ask.instances)
            for coprocessor in request.coprocessors
            if coprocessor.present and preferences.on_gpus and coprocessor.kind in programs
        },
        cpu=preferences.on_cores,
        programs=programs,
        jointly=not request.anonymous,  # whether a volunteer's own program reads such orders is not known
        on_several_cores=not request.anonymous,
    )
