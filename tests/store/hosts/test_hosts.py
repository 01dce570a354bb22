"""Volunteers and hosts: met once, known by name, seen again."""

from dataclasses import replace
from datetime import timedelta

import pytest

from axiom.domain.fleet import Capacity, Platform
from axiom.store.accounts import accounts
from axiom.store.hosts import hosts

PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")
CAPACITY = Capacity(cores=4, memory_mb=8_000)
SAID = hosts.ClientDescription(
    name="attic", cpid="", platform=PLATFORM, capacity=CAPACITY, flops=0.0, availability=1.0, facts={}, digest="1"
)


@pytest.fixture
def ada(database, now, join):
    return accounts.by_id(database, join(database, "Ada", now))[0]


def meet(database, ada, now, name="first", platform=PLATFORM, capacity=CAPACITY) -> int:
    return hosts.meet(database, volunteer_id=ada.id, name=name, platform=platform, capacity=capacity, now=now)


def test_a_host_is_known_by_its_name_and_its_volunteer(database, ada, now, join):
    first, second = meet(database, ada, now), meet(database, ada, now, name="second")
    bob = accounts.by_id(database, join(database, "Bob", now))[0]
    namesake = meet(database, bob, now)
    assert len({first, second, namesake}) == 3
    assert meet(database, ada, now) == first
    assert [host.id for host in hosts.hosts(database)] == [first, second, namesake]
    later = now + timedelta(hours=1)
    newer = Platform(system="linux", processor="x86_64", instructions="avx512")
    meet(database, ada, later, platform=newer, capacity=Capacity(cores=8, memory_mb=16_000))
    host = hosts.host(database, first)
    assert (host.platform, host.capacity.cores, host.capacity.memory_mb) == (newer, 8, 16_000)
    assert (host.created_at, host.seen_at, host.volunteer_id) == (now, later, ada.id)
    assert hosts.host(database, 9) is None


def test_a_host_was_last_seen_when_it_was_last_seen_and_an_idle_one_once_a_minute(database, ada, now):
    first = meet(database, ada, now)
    for seconds, idle, seen in ((300, False, 300), (-300, False, 300), (359, True, 300), (361, True, 361)):
        hosts.seen(database, first, now + timedelta(seconds=seconds), idle=idle)
        assert hosts.host(database, first).seen_at == now + timedelta(seconds=seen)


def test_the_thousandth_computer_of_one_name_is_called_by_its_number(database, ada, now):
    for _ in range(19):
        hosts.add(database, ada.id, SAID, now)
    names = [host.name for host in hosts.hosts(database)]
    assert names == ["attic", *(f"attic ({number})" for number in range(2, 20))]
    for number in (20, 21):
        assert hosts.host(database, hosts.add(database, ada.id, SAID, now)).name == f"attic (host {number})"
    hosts.add(database, ada.id, replace(SAID, name="attic (host 23)"), now)
    assert hosts.host(database, hosts.add(database, ada.id, SAID, now)).name == "attic (host 24)"
    renamed = hosts.add(database, ada.id, replace(SAID, name="cellar"), now)
    hosts.describe(database, renamed, replace(SAID, digest="2"))
    assert hosts.host(database, renamed).name == "attic (host 25)"
