"""Hosts of one size stand together: what they do, what would go to them, and why cores stay idle."""

import pytest

from axiom.decisions.planning.fleet_classes import classes, computing
from axiom.domain.fleet import Gpu
from axiom.domain.planning import Placement, Supply


def host(number, cores=8, **besides):
    named = {"host_id": number, "name": f"h{number}", "volunteer": "v", "memory_mb": 1_000, "cores": cores}
    return Supply(**(named | besides))


def placed(number, tasks, *, idle=0, gpu_tasks=0, reason=""):
    return Placement(
        host_id=number,
        name=f"h{number}",
        cores=8,
        tasks=tuple(tasks.items()),
        idle_cores=idle,
        memory_mb=0,
        gpu_tasks=gpu_tasks,
        reason=reason,
    )


def test_the_largest_hosts_come_first_and_equals_stand_together():
    gpu = (Gpu(kind="NVIDIA", count=2, memory_mb=0),)
    found = classes([host(1, 2), host(2), host(3, gpus=gpu), host(4, memory_mb=500)], [], {})
    assert [(one.cores, one.gpus, one.hosts, one.memory_mb) for one in found] == [
        (8, 2, 1, 1_000),
        (8, 0, 2, 500),
        (2, 0, 1, 1_000),
    ]


def test_what_would_go_to_equals_is_added_up_and_the_commonest_reason_comes_first():
    hosts = [host(1), host(2), host(3), host(4, obstacle="it is asleep")]
    found = classes(
        hosts,
        [
            placed(1, {"a": 5, "b": 3}, gpu_tasks=1),
            placed(2, {"b": 4}, idle=4, reason="no memory"),
            placed(3, {}, idle=8, reason="no memory"),
        ],
        {},
    )
    (one,) = found
    assert one.planned == (("b", 7), ("a", 5))
    assert (one.gpu_tasks, one.idle_cores) == (1, 20)
    assert one.reasons == (("no memory", 2), ("it is asleep", 1))


@pytest.mark.parametrize(
    ("tasks", "cores", "expected"),
    [
        ({"a": 1, "b": 1, "c": 1}, 2, {"a": 1, "b": 1}),
        ({"a": 100, "b": 1}, 4, {"a": 4}),
        ({}, 4, {}),
        ({"a": 3}, 0, {}),
    ],
)
def test_cores_are_counted_and_not_the_tasks_that_wait_beside_them(tasks, cores, expected):
    assert computing(tasks, cores) == expected
