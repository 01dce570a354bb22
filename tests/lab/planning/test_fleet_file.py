"""A fleet that somebody writes down: read as it stands, and refused with a sentence where it cannot be meant."""

import contextlib
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.errors import WrongUse
from axiom.lab.planning.fleet_file import read_fleet
from axiom.simulation.fleet import BUILDS

FLEET = Path(__file__).parents[3] / "docs" / "howto" / "fleet-of-83.json"
HOST = {"name": "desk", "cores": 8, "ram_gb": 16, "gpus": 1, "volunteer": "ada"}


def read(*hosts, **besides):
    return read_fleet(json.dumps({"hosts": list(hosts), **besides}).encode(), "f.json")


def test_hosts_are_read_as_they_are_written():
    host, other = read(HOST, HOST | {"volunteer": "bo"})  # two volunteers may have hosts of one name
    assert (host.host_id, host.name, host.volunteer, host.cores, host.memory_mb) == (1, "desk", "ada", 8, 16_384)
    assert [(gpu.kind, gpu.count) for gpu in host.gpus] == [("NVIDIA", 1)]
    assert (host.busy_cores, host.used_memory_mb, host.obstacle) == (0, 0, "")
    assert (other.host_id, other.volunteer) == (2, "bo")
    (bare,) = read({"name": "desk", "cores": 1, "ram_gb": 0.5})
    assert (bare.gpus, bare.volunteer, bare.memory_mb) == ((), "", 512)
    largest = {"name": "d", "cores": 4_096, "ram_gb": 65_536, "gpus": 64}
    assert len(read(largest)) == 1


def test_the_fleet_of_the_how_to_is_the_old_laboratory_s():
    hosts = read_fleet(FLEET.read_bytes(), FLEET.name)
    counted = Counter((one.cores, sum(gpu.count for gpu in one.gpus), one.memory_mb // 1_024) for one in hosts)
    expected: Counter[tuple[int, int, int]] = Counter()
    for build in BUILDS:
        expected[build.cores, build.gpus, build.memory_mb // 1_000] += build.amount
    assert counted == expected
    assert len(hosts) == 83


@pytest.mark.parametrize(
    ("hosts", "fact"),
    [
        ([], "no host"),
        ([HOST | {"cores": 4_097}], "4,096"),
        ([HOST | {"cores": 0}], "cores"),
        ([HOST | {"cores": 2.5}], "cores"),
        ([HOST | {"cores": True}], "cores"),
        ([HOST | {"ram_gb": -0.001}], "ram_gb"),
        ([HOST | {"ram_gb": 10**400}], "ram_gb"),
        ([HOST | {"ram_gb": 65_537}], "65,536"),
        ([HOST | {"gpus": 65}], "64"),
        ([HOST | {"ram": 8}], "ram_gb"),
        ([{"name": "desk", "cores": 8}], "ram_gb"),
        ([HOST, HOST], "twice"),
        ([HOST | {"name": ""}], "name"),
        ([HOST | {"name": "a\nb"}], "name"),
        ([7], "object"),
    ],
)
def test_an_impossible_fleet_is_refused(hosts, fact):
    with pytest.raises(WrongUse, match=fact) as refused:
        read(*hosts)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b'{"hosts": {}}',
        b'{"hosts": [], "hosts": []}',
        b'{"host": []}',
        b"[" * 100_000,
        b'{"hosts": [{"name": "a", "cores": 1, "ram_gb": NaN}]}',
    ],
)
def test_what_is_no_fleet_is_refused(raw):
    with pytest.raises(WrongUse):
        read_fleet(raw, "f.json")


@settings(max_examples=30)
@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_it_is_it_is_read_or_refused(raw):
    with contextlib.suppress(WrongUse):
        read_fleet(raw if isinstance(raw, bytes) else raw.encode(), "f.json")
