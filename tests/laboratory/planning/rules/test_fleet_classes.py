"""Hosts that are alike stand together."""

from axiom.domain.fleet import Gpu
from axiom.domain.planning import IdleReason, Placement, Supply
from axiom.laboratory.planning.rules.fleet_classes import list_fleet_classes, share_busy_cores


def host(number, cores=8, **besides):
    named = {"host_id": number, "name": f"h{number}", "volunteer": "v", "memory_mb": 1_000, "cores": cores}
    return Supply(**(named | besides))


def placed(number, tasks, *, idle=0, gpu_tasks=0, reason=""):
    facts = {"name": f"h{number}", "cores": 8, "memory_mb": 0, "idle_cores": idle, "tasks": tuple(tasks.items())}
    return Placement(host_id=number, gpu_tasks=gpu_tasks, reason=reason, **facts)


def test_equal_hosts_stand_together_the_largest_first_and_are_added_up():
    gpu = (Gpu(kind="NVIDIA", count=2, memory_mb=0),)
    found = list_fleet_classes([host(1, 2), host(2), host(3, gpus=gpu), host(4, memory_mb=500)], [], {})
    assert [(one.cores, one.gpus, one.hosts, one.memory_mb) for one in found] == [
        (8, 2, 1, 1_000),
        (8, 0, 2, 500),
        (2, 0, 1, 1_000),
    ]
    hosts = [host(1), host(2), host(3), host(4, obstacle="it is asleep")]
    placements = [placed(1, {"a": 5, "b": 3}, gpu_tasks=1), placed(2, {"b": 4}, idle=3, reason="no memory")]
    (one,) = list_fleet_classes(hosts, [*placements, placed(3, {}, idle=4, reason="no memory")], {})
    assert one.planned == (("b", 7), ("a", 5))
    assert (one.gpu_tasks, one.idle_cores) == (1, 15)
    asleep = IdleReason(reason="it is asleep", hosts=1, cores=8)
    assert one.reasons == (asleep, IdleReason(reason="no memory", hosts=2, cores=7)), "by cores, not by hosts"


def test_cores_are_counted_and_not_the_tasks_that_wait_beside_them():
    assert share_busy_cores({"a": 1, "b": 1, "c": 1}, 2) == {"a": 1, "b": 1}
    assert [share_busy_cores({"a": 100, "b": 1}, cores) for cores in (4, 0)] == [{"a": 4}, {}]
