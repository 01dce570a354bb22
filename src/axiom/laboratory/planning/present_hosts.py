"""Hosts as a planner sees them: what each can still take, or why nothing; and how large an order should be for them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from axiom.domain.evidence import Registration
from axiom.domain.fleet import OUR_GPUS, Host
from axiom.domain.planning import Need, Supply
from axiom.domain.registrations import read_registration_body
from axiom.laboratory.planning.read_candidates import need_of_manifest
from axiom.laboratory.planning.rules.free_capacity import compute_free_capacity, why_no_more
from axiom.laboratory.policy import Policy
from axiom.limits import hosts as host_limits
from axiom.limits import planning as planning_limits
from axiom.rules.hosts.memory_and_disk import HostRoom
from axiom.rules.hosts.outvoted_hosts import is_barred
from axiom.rules.hosts.speed import speed_of
from axiom.rules.planning.task_size import TaskSize, UsualHosts, derive_usual_hosts, order_size
from axiom.rules.tasks.tasks_per_host import OWN_HOSTS, Allowance, believed_cores, most_in_hand
from axiom.server.dispatch.tasks_per_host import read_allowance, read_task_limits
from axiom.signed.manifests import stored_manifest
from axiom.store.engine.database import Database
from axiom.store.experiments import experiments
from axiom.store.hosts import present_hosts
from axiom.store.hosts.present_hosts import PresentHost, TasksOnHost
from axiom.store.registrations import registrations
from axiom_weigh.grouping import group_pairs


@dataclass(frozen=True, kw_only=True, slots=True)
class CellSize:
    """What a cell of a registration costs, and what a task of it takes while it runs."""

    cell_seconds: float  # of a reference core, on average over its configs
    memory_mb: int  # for each of its cores
    gpu_memory_mb: int  # of the host, where a GPU computes it
    cores: int = 1  # on which a volunteer's host computes it
    shared_mb: int = 0  # of either, that all tasks on a host of our own have together


def list_supplies(
    db: Database, policy: Policy, now: datetime, most: int | None = None, *, host_id: int | None = None
) -> list[Supply]:
    """Every host that was heard from lately; or so many of them, or one. Looking changes nothing."""
    cell_sizes = read_cell_sizes(db)
    by_host = group_pairs((portion.host_id, portion) for portion in present_hosts.list_tasks_in_hand(db))
    volunteers = Allowance(deadline=None, tasks_per_core=policy.tasks_per_core, daily_per_core=policy.daily_per_core)
    supplies = []
    for present in present_hosts.list_present_hosts(db, now - host_limits.COUNTED_ON_FOR, most, host_id=host_id):
        host, portions = present.host, by_host.get(present.host.id, ())
        allowance, most_tasks = OWN_HOSTS, None
        if not present.is_ours:
            in_hand, allowance = sum(portion.tasks for portion in portions), read_allowance(db, volunteers, host)
            most_tasks = max(0, min(limit.left for limit in read_task_limits(db, host, allowance, in_hand, now)))
        supplies.append(_supply(present, portions, cell_sizes, allowance, most_tasks=most_tasks))
    return supplies


def find_able_hosts(db: Database, need: Need, policy: Policy, now: datetime) -> tuple[list[int], Counter[str]]:
    """The hosts that could compute a task, whatever they have in hand, and why how many of the others could not."""
    hosts: list[int] = []
    others: Counter[str] = Counter()
    for supply in list_supplies(db, policy, now):
        free = replace(supply, busy_cores=0, busy_gpus=0, used_memory_mb=0, most_tasks=None)
        if why := supply.obstacle or why_no_more(free, compute_free_capacity(free), need, 0.0, None):
            others[why] += 1
        else:
            hosts.append(supply.host_id)
    return hosts, others


def read_usual_hosts(db: Database, now: datetime, most: int) -> UsualHosts | None:
    """What volunteers' hosts are like, by so many of those that were heard from lately."""
    hosts = present_hosts.list_present_hosts(db, now - host_limits.COUNTED_ON_FOR, most)
    return derive_usual_hosts(_supply(present, (), {}, OWN_HOSTS) for present in hosts if not present.is_ours)


def read_cell_sizes(db: Database) -> dict[tuple[int, int], CellSize]:
    """What every registration's cells cost, by experiment and registration."""
    versions = experiments.list_experiment_versions(db)
    declared = {stored.id: stored_manifest(stored.manifest) for stored in versions if stored.status == "open"}
    cell_sizes = {}
    for registration in registrations.read_registrations(db):
        if registration.experiment_id not in declared:
            continue
        manifest, seconds = (
            declared[registration.experiment_id],
            read_registration_body(registration.body).design.seconds,
        )
        cell_sizes[registration.experiment_id, registration.id] = CellSize(
            cell_seconds=sum(seconds) / max(1, len(seconds)),
            memory_mb=manifest.memory_mb,
            gpu_memory_mb=manifest.memory_on(OUR_GPUS),
            cores=manifest.cores,
            shared_mb=manifest.shared_mb,
        )
    return cell_sizes


def _supply(
    present: PresentHost,
    portions: Sequence[TasksOnHost],
    cell_sizes: Mapping[tuple[int, int], CellSize],
    allowance: Allowance,
    *,
    most_tasks: int | None = None,
) -> Supply:
    host, preferences = present.host, present.preferences
    sized = [
        (portion, cell_sizes[key])
        for portion in portions
        if (key := (portion.experiment_id, portion.registration_id)) in cell_sizes
    ]
    on_cores = sum(_cores_taken(present, portion, size) for portion, size in sized if not portion.gpu)
    on_gpus = sum(portion.tasks for portion, _ in sized if portion.gpu)
    memory = [
        (
            (size.gpu_memory_mb if portion.gpu else size.memory_mb) - (size.shared_mb if present.is_ours else 0),
            _cores_taken(present, portion, size),
        )
        for portion, size in sized
    ]
    gpus = tuple(gpu for gpu in host.capacity.gpus if gpu.kind == OUR_GPUS)  # for others there is no program
    places = host.capacity.cores + sum(gpu.count for gpu in gpus)
    cores = _cores(host, allowance) if preferences.on_cores else 0
    return Supply(
        host_id=host.id,
        name=str(host.id),  # what a plan says stands in public logs, and a host's name is its volunteer's business
        volunteer=present.volunteer,
        cores=cores,
        memory_mb=host.capacity.memory_mb,
        gpus=gpus if preferences.on_gpus else (),
        platform=str(host.platform),
        is_avx=host.platform.has_avx,
        is_ours=present.is_ours,
        on_one_core=present.on_one_core,
        disk_mb=host.capacity.disk_mb,
        speed=speed_of(host),
        availability=host.availability,
        busy_cores=min(cores, on_cores),
        busy_gpus=on_gpus,
        used_memory_mb=HostRoom(None, places, memory).most,
        in_hand_seconds=sum(portion.cells * size.cell_seconds for portion, size in sized),
        most_tasks=most_tasks,
        obstacle=_obstacle(present, cores),
    )


def _cores_taken(present: PresentHost, portion: TasksOnHost, size: CellSize) -> int:
    return portion.tasks * (1 if portion.gpu or present.on_one_core else size.cores)


def _cores(host: Host, allowance: Allowance) -> int:
    """No more than it may have tasks; its own word counts for little as long as it has nothing else to show."""
    if not allowance.heeds_standing:
        return host.capacity.cores
    return min(believed_cores(host), most_in_hand(host, allowance))


def _obstacle(present: PresentHost, cores: int) -> str:
    """Why it takes nothing at all."""
    host = present.host
    if is_barred(host.standing):
        return "its results were outvoted so often that it gets nothing until somebody trusts it again"
    if no_program := host.platform.why_no_program:
        return no_program
    if not host.capacity.cores:
        return "it reports no core"
    if not cores and not host.capacity.gpus:
        return "its volunteer lets only GPUs compute, and it has none"
    return ""


def choose_order_size(
    db: Database, registration: Registration | None, policy: Policy, now: datetime, *, host_id: int | None = None
) -> TaskSize:
    """Decide it from the hosts that were heard from lately; for one host alone, from that one."""
    body = read_registration_body(registration.body) if registration else None
    usual = derive_usual_hosts(list_supplies(db, policy, now, planning_limits.HOSTS, host_id=host_id))
    bundle = experiments.find_newest_bundle(db, registration.experiment_id) if registration else None
    return order_size(
        sum(body.design.seconds) if body else 0.0,
        block=body.block if body else 1,
        usual=usual,
        task_seconds=policy.task_seconds,
        need=need_of_manifest(stored_manifest(bundle.manifest)) if bundle else Need(),
    )
