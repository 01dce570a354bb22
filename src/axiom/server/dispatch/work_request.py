from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from axiom.boinc.requests import SchedulerRequest
from axiom.domain.fleet import Choice
from axiom.domain.value import value
from axiom.limits import tasks as limits
from axiom.signed.tickets import Order


@value
class WorkRequest:
    seconds: float
    instances: float
    most: int
    holding: frozenset[int] | None  # None: it does not say, and is believed to have what it was given
    gpus: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # kind to seconds and instances
    cpu: bool = True  # its volunteer lets its processor compute for us
    programs: frozenset[str] = frozenset({""})  # the kinds of GPU on which its programs compute; "" is without
    jointly: bool = False  # its programs read orders that share a signature


@value
class GrantedTask:
    task: int
    workunit: int
    experiment: int
    name: str
    order: Order
    seconds: float  # of a reference core, expected of this kind of host
    declared_seconds: float  # as the file says, which is what bounds it
    memory_mb: int
    disk_mb: int
    deadline: datetime
    bundle: str  # its digest
    seal: str
    gpu: str = ""  # the kind on which it computes


@value
class WorkGrant:
    given: tuple[GrantedTask, ...]
    lost: tuple[GrantedTask, ...]
    reason: str


def asked_of(
    request: SchedulerRequest,
    *,
    programs: frozenset[str],
    choice: Choice,
    holding: frozenset[int] | None,
    jointly: bool,
) -> WorkRequest:
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
            if coprocessor.present and choice.gpus and coprocessor.kind in programs
        },
        cpu=choice.cores,
        programs=programs,
        jointly=jointly,
    )
