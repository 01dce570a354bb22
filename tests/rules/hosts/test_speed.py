"""How fast a host is, by what its tasks or else its client say."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.fleet import Capacity, Host, Platform
from axiom.rules.hosts.speed import REFERENCE_FLOPS, elapsed_on, learn_host_speed, seconds_on, speed_of

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
CAPACITY = Capacity(cores=4, memory_mb=1_000)
HOST = Host(id=1, volunteer_id=1, name="first", platform=PLATFORM, capacity=CAPACITY, created_at=NOW, seen_at=NOW)


def test_a_host_is_as_fast_as_its_tasks_or_else_its_client_say():
    speeds = {(None, 0.0): 1.0, (None, 2.0): 2.0, (0.5, 2.0): 0.5, (0.0, 2.0): 2.0}  # of nothing known, of a reference
    for (speed, flops), expected in speeds.items():
        host = replace(HOST, speed=speed, flops=flops * REFERENCE_FLOPS)
        assert (speed_of(host), seconds_on(host, 60.0)) == (expected, 60.0 / expected)


@pytest.mark.parametrize(("availability", "elapsed"), [(1.0, 60.0), (0.5, 120.0), (0.0, 6_000.0)])
def test_work_takes_longer_where_a_host_computes_only_part_of_the_time(availability, elapsed):
    assert elapsed_on(replace(HOST, availability=availability), 60.0) == elapsed


@pytest.mark.parametrize(
    ("speed", "expected", "elapsed", "learns"),
    [
        (None, 100.0, 50.0, 2.0),
        (None, 100.0, 0.5, None),  # too short to say anything
        (None, 1e9, 1.0, 100.0),
        (None, 1e-9, 10.0, 0.01),
        (1.0, 100.0, 100.0, 1.0),
        (1.0, 200.0, 100.0, 2**0.2),
        (1.0, 1e6, 100.0, 2**0.2),  # no single task makes a host look more than twice as fast
        (1.0, 1e-6, 100.0, 2**-0.2),
        (1.5, 100.0, math.nan, 1.5),
        (1.5, math.nan, 10.0, 1.5),
    ],
)
def test_speed_is_learned_carefully(speed, expected, elapsed, learns):
    found = learn_host_speed(speed, expected_seconds=expected, elapsed_seconds=elapsed)
    assert found == (None if learns is None else pytest.approx(learns))


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1e12), st.floats(0, 1e12)), max_size=20))
def test_whatever_hosts_say_their_speed_stays_believable(said):
    speed = None
    for expected, elapsed in said:
        speed = learn_host_speed(speed, expected_seconds=expected, elapsed_seconds=elapsed)
        assert speed is None or 0.01 <= speed <= 100.0
