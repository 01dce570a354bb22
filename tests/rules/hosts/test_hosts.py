"""How much of a host is still free."""

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.failures import ObservedHost
from axiom.domain.runners import TICKETS
from axiom.rules.hosts.memory_and_disk import HostRoom
from axiom.rules.hosts.suitable_runners import DRILL, choose_suitable_runners, why_host_unsuited
from axiom.rules.hosts.suspect_hosts import HostTrouble, find_suspects


@pytest.mark.parametrize(
    ("total", "places", "taken", "most", "free"),
    [
        (1_000, 4, [(300, 2)], 600, 400),
        (1_000, 2, [(300, 9)], 600, 700),  # only two run at once: a third takes the place of one
        (1_000, 2, [(300, 9), (600, 1)], 900, 400),
        (1_000, 1, [(900, 3)], 900, 1_000),
        (500, 2, [(300, 2)], 600, 0),  # the host has become smaller
        (None, 2, [(300, 2)], 600, None),
    ],
)
def test_what_is_free_follows_from_the_largest_that_run_at_once(total, places, taken, most, free):
    room = HostRoom(total, places, taken)
    assert (room.most, room.free_for(1)) == (most, free)


SIZES = st.lists(st.tuples(st.integers(1, 500), st.integers(1, 5)), max_size=6)


@settings(max_examples=40)
@given(total=st.integers(0, 2_000), places=st.integers(1, 6), taken=SIZES, more=st.integers(1, 500))
def test_one_more_of_what_is_free_never_takes_more_than_there_is(total, places, taken, more):
    room = HostRoom(total, places, taken)
    fits = more <= room.free_for(1)
    room.put(more)
    assert fits == (room.most <= total)


NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
LINUX, WINDOWS = "x86_64-pc-linux-gnu", "windows_x86_64"


@dataclass(frozen=True)
class Program:
    """A runner, as far as it is looked at here."""

    name: str
    platform: str
    gpus: tuple[str, ...] = ("",)
    needs_avx: bool = False
    glibc: tuple[int, int] | None = None
    cuda: int = 0
    tickets: int = TICKETS


PLAIN = Program("plain", LINUX)
QUICK = Program("quick", LINUX, needs_avx=True)
CARD = Program("card", LINUX, ("NVIDIA",), needs_avx=True)
OTHER = Program("other", WINDOWS, needs_avx=True)
AVX = "a processor with AVX"

CASES = [  # platforms, instructions, offered, what is given by kind of GPU, the reason
    ((LINUX,), "avx2", [PLAIN, QUICK], {"": "quick"}, ""),
    ((LINUX,), "avx512", [QUICK, CARD, OTHER], {"": "quick", "NVIDIA": "card"}, ""),
    ((LINUX,), "none", [QUICK, CARD], {}, AVX),
    ((LINUX,), "neon", [QUICK], {"": "quick"}, ""),  # the platform says that it is no x86
    (("windows_arm64", WINDOWS), "avx2", [OTHER, PLAIN], {"": "other"}, ""),
    ((WINDOWS,), "avx2", [PLAIN], {}, "windows_x86_64"),
    ((), "none", [PLAIN], {}, "this kind"),
]


@pytest.mark.parametrize(("platforms", "instructions", "offered", "given", "reason"), CASES)
def test_a_computer_gets_what_suits_it_or_a_reason(platforms, instructions, offered, given, reason):
    suited = choose_suitable_runners(platforms, instructions, None, offered)
    assert {gpu: runner.name for gpu, runner in suited.runners.items()} == given
    assert reason in suited.reason
    assert bool(reason) == bool(suited.reason)


NEW = Program("new", LINUX, glibc=(2, 35))
OLD_SYSTEM = "2.35 or newer, and the system of your computer has 2.9"


@pytest.mark.parametrize(
    ("glibc", "offered", "name"),
    [
        ((2, 35), [NEW], "new"),
        ((2, 9), [NEW], ""),
        ((2, 9), [NEW, PLAIN], "plain"),
        (None, [NEW], "new"),  # another library, or a client that does not say
    ],
)
def test_an_older_system_gets_a_runner_that_starts_there_or_a_reason(glibc, offered, name):
    suited = choose_suitable_runners((LINUX,), "avx2", glibc, offered)
    assert "".join(runner.name for runner in suited.runners.values()) == name
    assert suited.reason == "" if name else OLD_SYSTEM in suited.reason


CARDS = [Program(f"cuda {number}", LINUX, ("NVIDIA",), cuda=number) for number in (12, 13)]


@pytest.mark.parametrize(
    ("cuda", "offered", "name", "reason"),
    [
        (13_000, CARDS, "cuda 13", ""),
        (12_080, CARDS, "cuda 12", ""),
        (12_080, CARDS[1:], "", "CUDA 13, and the one of your computer knows CUDA 12.8"),
        (0, CARDS[1:], "cuda 13", ""),  # its client does not say
        (11_040, [CARD, *CARDS], "card", ""),  # which does not say what it needs
    ],
)
def test_a_gpu_gets_the_newest_runner_that_its_driver_knows_or_a_reason(cuda, offered, name, reason):
    suited = choose_suitable_runners((LINUX,), "avx2", None, offered, cuda)
    assert "".join(runner.name for runner in suited.runners.values()) == name
    assert reason in suited.gpu_reason
    assert bool(reason) == bool(suited.gpu_reason)


def test_the_drill_and_simulated_computers_belong_together():
    for experiment, is_simulated in itertools.product((DRILL, "grokking_dynamics"), (True, False)):
        is_suited = not why_host_unsuited(experiment, is_simulated=is_simulated)
        assert is_suited is ((experiment == DRILL) is is_simulated)


WELL = ObservedHost(
    host_id=7,
    volunteer_id=1,
    cpid="cpid",
    created_at=NOW - timedelta(days=30),
    seen_at=NOW - timedelta(minutes=5),
    out=2,
    oldest_sent=NOW - timedelta(hours=9),
    quota=None,
    valid_in_row=12,
    contacts=300,
)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def found(*hosts: ObservedHost, **options) -> list[tuple[int, HostTrouble]]:
    return [(one.host_id, one.trouble) for one in find_suspects(hosts, NOW, **options)]


@pytest.mark.parametrize(
    ("changes", "trouble"),
    [
        ({"seen_at": ago(hours=7)}, HostTrouble.SILENT),
        ({"seen_at": ago(hours=6)}, None),
        ({"seen_at": ago(hours=7), "out": 0, "oldest_sent": None}, None),  # it has nothing to be silent of
        ({"seen_at": ago(hours=7), "oldest_sent": ago(hours=2)}, None),
        ({"seen_at": NOW + timedelta(days=3650)}, None),  # a clock that is wrong by years
        ({"quota": 8, "valid_in_row": 0}, HostTrouble.FAILING),
        ({"quota": 16, "valid_in_row": 0}, None),
        ({"quota": 1, "valid_in_row": 1}, None),  # it is on its way back
        ({"contacts": 1_000, "created_at": ago(hours=1)}, HostTrouble.FLOODING),
        ({"contacts": 999, "created_at": ago(hours=1)}, None),
        ({"contacts": 1_000, "created_at": ago(hours=2)}, None),
        ({"contacts": 1_000, "created_at": ago(hours=1), "is_ours": True}, None),
    ],
)
def test_what_looks_wrong_by_itself(changes, trouble):
    assert found(replace(WELL, **changes)) == ([(7, trouble)] if trouble else [])


def test_what_floods_is_not_said_to_fail_as_well():
    flood = replace(WELL, contacts=1_000, created_at=ago(hours=1), quota=1, valid_in_row=0)
    assert found(flood) == [(7, HostTrouble.FLOODING)]
    silent = replace(WELL, seen_at=ago(hours=20), oldest_sent=ago(hours=20))
    assert found(silent, listening=ago(hours=5)) == []
    assert found(silent, listening=ago(hours=7)) == [(7, HostTrouble.SILENT)]


def test_a_copied_folder_is_two_computers_that_are_both_heard_from():
    copy = replace(WELL, host_id=8, created_at=ago(days=2), seen_at=ago(minutes=9))
    assert found(WELL, copy) == [(7, HostTrouble.COPIED), (8, HostTrouble.COPIED)]
    reasons = [suspect.reason for suspect in find_suspects([WELL, copy], NOW)]
    assert ["host 8" in reasons[0], "host 7" in reasons[1]] == [True, True]


@pytest.mark.parametrize(
    "other",
    [
        {"cpid": "another"},
        {"volunteer_id": 2},
        {"seen_at": ago(days=1, minutes=1), "out": 0, "oldest_sent": None},
        {"created_at": ago(minutes=1), "seen_at": ago(minutes=1)},  # a new number, and the old one is gone
    ],
)
def test_what_is_no_copy(other):
    assert found(WELL, replace(WELL, host_id=8, **{"created_at": ago(days=2), **other})) == []
    assert found(replace(WELL, cpid=""), replace(WELL, host_id=8, cpid="", created_at=ago(days=2))) == []


def test_a_crowd_of_a_volunteer_s_new_hosts_gets_least_save_those_that_have_proven():
    new = [replace(WELL, host_id=n, cpid=str(n), created_at=ago(hours=1), valid_in_row=0) for n in range(1, 102)]
    assert found(*new[:100]) == []
    held = find_suspects(new, NOW)
    assert [(suspect.trouble, suspect.quota) for suspect in held] == [(HostTrouble.FLOODING, 1)] * 101
    shown = [replace(new[0], valid_in_row=1), replace(new[1], quota=1), *new[2:]]
    by_host = {one.host_id: one for one in find_suspects(shown, NOW) if one.trouble is HostTrouble.FLOODING}
    assert 1 not in by_host
    assert by_host[2].quota is None  # it has least already
    assert found(*(replace(one, created_at=ago(days=2)) for one in new)) == []
    assert found(*(replace(one, volunteer_id=one.host_id) for one in new)) == []
    assert found(*(replace(one, is_ours=True) for one in new)) == []


def test_a_runner_that_would_refuse_todays_orders_gets_none():
    older, newer = Program("older", LINUX, tickets=TICKETS - 1), Program("newer", LINUX)
    alone = choose_suitable_runners([LINUX], "avx2", None, [older])
    assert (alone.runners, bool(alone.reason)) == ({}, True)
    assert choose_suitable_runners([LINUX], "avx2", None, [older, newer]).runners == {"": newer}
