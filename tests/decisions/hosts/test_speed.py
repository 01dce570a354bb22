"""How long work takes on a host."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from axiom.decisions.hosts.speed import REFERENCE_FLOPS, elapsed_on, seconds_on, speed_of
from axiom.domain.fleet import Capacity, Host, Platform

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
HOST = Host(
    id=1,
    volunteer_id=1,
    name="first",
    platform=Platform(system="linux", processor="x86_64", instructions="avx2"),
    capacity=Capacity(cores=4, memory_mb=1_000),
    created_at=NOW,
    seen_at=NOW,
)


@pytest.mark.parametrize(
    ("speed", "flops", "expected"),
    [
        (None, 0.0, 1.0),  # nothing is known
        (None, 2 * REFERENCE_FLOPS, 2.0),
        (0.5, 2 * REFERENCE_FLOPS, 0.5),  # its tasks say more than its client
        (0.0, 2 * REFERENCE_FLOPS, 2.0),
    ],
)
def test_a_host_is_as_fast_as_its_tasks_or_else_its_client_say(speed, flops, expected):
    host = replace(HOST, speed=speed, flops=flops)
    assert speed_of(host) == expected
    assert seconds_on(host, 60.0) == 60.0 / expected


@pytest.mark.parametrize(("availability", "elapsed"), [(1.0, 60.0), (0.5, 120.0), (0.0, 6_000.0)])
def test_work_takes_longer_where_a_host_computes_only_part_of_the_time(availability, elapsed):
    assert elapsed_on(replace(HOST, availability=availability), 60.0) == elapsed
