"""A fleet that somebody writes down: read as it stands, and refused with a sentence where it cannot be meant."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.errors import WrongUse
from axiom.lab.planning.fleet_file import read_fleet
from axiom.simulation.fleet import BUILDS

FLEET = Path(__file__).parents[3] / "docs" / "howto" / "fleet-of-83.json"
HOST = {"name": "desk", "cores": 8, "ram_gb": 16, "gpus": 1, "volunteer": "ada"}


def read(*hosts, **besides):
    return read_fleet(json.dumps({"hosts": list(hosts), **besides}).encode(), "f.json")


def test_hosts_are_read_as_they_are_written():
    (one,) = read(HOST)
    assert (one.host_id, one.name, one.volunteer, one.cores, one.memory_mb) == (1, "desk", "ada", 8, 16_384)
    assert [(gpu.kind, gpu.count) for gpu in one.gpus] == [("NVIDIA", 1)]
    assert (one.busy_cores, one.used_memory_mb, one.obstacle) == (0, 0, "")


def test_gpus_and_volunteer_may_be_left_out():
    (one,) = read({"name": "desk", "cores": 1, "ram_gb": 0.5})
    assert (one.gpus, one.volunteer, one.memory_mb) == ((), "", 512)


def test_two_volunteers_may_have_hosts_of_one_name():
    assert len(read(HOST, HOST | {"volunteer": "bo"})) == 2


def test_the_fleet_of_the_how_to_is_the_old_laboratory_s():
    hosts = read_fleet(FLEET.read_bytes(), FLEET.name)
    counted = Counter((one.cores, sum(gpu.count for gpu in one.gpus), one.memory_mb // 1_024) for one in hosts)
    expected: Counter[tuple[int, int, int]] = Counter()
    for build in BUILDS:
        expected[build.cores, build.gpus, build.memory_mb // 1_000] += build.amount
    assert counted == expected
    assert len(hosts) == 83


@pytest.mark.parametrize(
    ("hosts", "sentence"),
    [
        ([], "it names no host"),
        ([HOST | {"cores": 1_000_000}], "host 1 (desk) has 1,000,000 cores, and no computer has more than 4,096"),
        ([HOST | {"cores": 0}], "host 1: cores is not a whole number of at least 1"),
        ([HOST | {"cores": 2.5}], "host 1: cores is not a whole number of at least 1"),
        ([HOST | {"cores": True}], "host 1: cores is not a whole number of at least 1"),
        ([HOST | {"ram_gb": -0.001}], "host 1: ram_gb is not a finite number of at least 0"),
        ([HOST | {"ram_gb": 10**400}], "host 1: ram_gb is not a finite number of at least 0"),
        ([HOST | {"ram_gb": 70_000}], "host 1 (desk) has 70,000 GB of memory, and no computer has more than 65,536"),
        ([HOST | {"gpus": 65}], "host 1 (desk) has 65 GPUs, and no computer has more than 64"),
        ([HOST | {"ram": 8}], "host 1 has an unknown field 'ram' (did you mean ram_gb?)"),
        ([{"name": "desk", "cores": 8}], "host 1 lacks the field 'ram_gb'"),
        ([HOST, HOST], "it names the host desk of ada twice"),
        ([HOST | {"name": ""}], "host 1: name '' has not the form"),
        ([HOST | {"name": "a\nb"}], "host 1: name 'a\\nb' has not the form"),
        ([7], "host 1 is not an object"),
    ],
)
def test_an_impossible_fleet_is_refused_with_a_sentence(hosts, sentence):
    with pytest.raises(WrongUse) as refused:
        read(*hosts)
    assert str(refused.value).startswith(f"The fleet f.json cannot be planned for: {sentence}")
    assert str(refused.value).endswith("Nothing was planned.")
    assert refused.value.exit_code == 2


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"", "it is not JSON (Expecting value in line 1)"),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"[]", "the fleet is not an object"),
        (b'{"hosts": {}}', "the fleet: hosts is not a list"),
        (b'{"hosts": [], "hosts": []}', "it names the same key twice"),
        (b'{"host": []}', "the fleet has an unknown field 'host' (did you mean hosts?)"),
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"hosts": [{"name": "a", "cores": 1, "ram_gb": NaN}]}', "host 1: ram_gb is not a finite number"),
    ],
)
def test_what_is_no_fleet_is_refused_with_a_sentence(raw, sentence):
    with pytest.raises(WrongUse, match="Nothing was planned") as refused:
        read_fleet(raw, "f.json")
    assert sentence in str(refused.value)


@given(st.binary(max_size=200) | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps))
def test_whatever_it_is_it_is_read_or_refused(raw):
    try:
        read_fleet(raw if isinstance(raw, bytes) else raw.encode(), "f.json")
    except WrongUse:
        return
