"""Which versions are stopped: those that fail more often than anything may, and not for one host's trouble."""

from functools import partial

import pytest

from axiom.domain.failure_causes import Cause
from axiom.domain.releases import Endings
from axiom.rules.experiments.breaker import find_broken_platforms, why_halt_early, why_stop_version
from axiom.rules.experiments.counted_endings import group_endings_by_host


def halts(*hosts: tuple[int, int], raises: bool = True, is_proven: bool = True) -> bool:
    """Hosts in pairs: how many of their tasks ended well, how many badly."""
    came = {
        number: Endings(well=well, badly=badly, raised=badly if raises else 0, is_proven=is_proven)
        for number, (well, badly) in enumerate(hosts, start=1)
    }
    return bool(why_stop_version(came))


@pytest.mark.parametrize(
    ("hosts", "stops"),
    [
        ([], False),
        ([(0, 9)], False),  # of one host alone, ten
        ([(0, 10)], True),
        ([(0, 5), (0, 5)], True),
        ([(0, 1), (0, 1)], False),  # the better half is only one
        ([(0, 1), (0, 1), (0, 1)], True),
        ([(9, 1), (9, 1), (10, 0)], False),
        ([(20, 0), (0, 50)], False),  # one host breaks everything, the other nothing
        ([(20, 0), (0, 50), (2, 50)], True),
    ],
)
def test_what_is_stopped(hosts, stops):
    assert halts(*hosts) is stops


def test_processes_that_only_die_are_the_version_s_when_better_hosts_die_too():
    """Hosts that crash at whatever they are given report before all others."""
    looping = [(0, 50), (0, 50)]
    assert not halts(*looping, raises=False)
    assert not halts(*looping, (0, 50), raises=False, is_proven=False)
    assert halts(*looping, (0, 50), raises=False)
    assert halts(*looping, is_proven=False)  # the experiment's own code said so
    three = {4: Endings(well=1, badly=9, raised=9), 7: Endings(badly=3, raised=3), 9: Endings(badly=2, raised=2)}
    assert "14 of 15 tasks failed on 3 hosts" in why_stop_version(three)


def test_what_busy_hosts_have_no_time_for_says_nothing_of_the_version():
    endings = [(7, "p", Cause.TIME_LIMIT, 9), (7, "p", Cause.CHILD_LOST, 2)]
    (came,) = group_endings_by_host(endings, frozenset()).values()
    assert came.badly == 2


PROVEN, NEW = Endings(badly=1, raised=1, is_proven=True), Endings(badly=1, raised=1)
DIED = Endings(badly=2, is_proven=True)


@pytest.mark.parametrize(
    ("came", "hosts", "stops"),
    [
        ([PROVEN], 83, False),
        ([PROVEN, PROVEN], 83, True),
        ([NEW, NEW, NEW, Endings(well=1, is_proven=True)], 83, False),  # a proven host computes it
        ([PROVEN, PROVEN, Endings(well=1, is_proven=True)], 83, False),  # two of three: not yet
        ([PROVEN] * 3 + [Endings(well=1, is_proven=True)], 83, True),
        ([Endings(badly=2, raised=2, is_proven=True)], 83, False),  # one host alone, where there are others
        ([Endings(badly=2)], 1, False),  # whose processes die, and which has never computed anything
        ([DIED], 1, True),
        ([Endings(badly=5)], 1, True),  # but not for ever
    ],
)
def test_what_is_stopped_while_it_is_let_out(came, hosts, stops):
    assert bool(why_halt_early(dict(enumerate(came)), hosts=hosts, counts_hosts=True)) is stops


@pytest.mark.parametrize(
    ("sources", "halts"),
    [
        ({(1, "linux"): (0, 9), (1, "windows"): (0, 9)}, False),  # one volunteer with many hosts
        ({(1, "linux"): (0, 9), (2, "linux"): (0, 9)}, True),
        ({(1, "linux"): (0, 90), (2, "linux"): (9, 1)}, False),  # one failure of another adds one of theirs
        ({(1, "linux"): (0, 90), (2, "linux"): (0, 1), (3, "linux"): (9, 0)}, False),
        ({(1, "linux"): (0, 90), (2, "linux"): (0, 5), (3, "linux"): (2, 5)}, True),
    ],
)
def test_no_volunteer_halts_a_release_alone_with_whatever_many_hosts(sources, halts):
    came = {
        place: Endings(well=well, badly=badly, raised=badly, is_proven=True, platform=place[1])
        for place, (well, badly) in sources.items()
    }
    assert bool(why_halt_early(came, hosts=83, counts_hosts=False)) is halts


def on(platform: str, first: int, *, well: int = 0, badly: int = 0, hosts: int = 3) -> dict[tuple[int, str], Endings]:
    one = Endings(well=well, badly=badly, raised=badly, is_proven=True, platform=platform)
    return dict.fromkeys([(source, platform) for source in range(first, first + hosts)], one)


def test_a_version_that_fails_on_one_platform_alone_is_held_back_there_alone():
    fine, bad = on("linux", 0, well=9, hosts=40), on("windows", 100, badly=9)
    assert not why_stop_version(fine | bad)
    assert list(find_broken_platforms(fine | bad, why_stop_version)) == ["windows"]
    assert find_broken_platforms(bad, why_stop_version) == {}  # nowhere does it work: that is the version
    assert find_broken_platforms(on("linux", 0, badly=9) | bad, why_stop_version) == {}
    assert find_broken_platforms(fine | on("windows", 100, well=9, badly=1), why_stop_version) == {}
    one = on("windows", 100, badly=30, hosts=1)
    early = partial(why_halt_early, hosts=83, counts_hosts=False)
    assert list(find_broken_platforms(fine | one, why_stop_version)) == ["windows"]  # nobody else has any
    assert find_broken_platforms(fine | one, early, is_capped=True) == {}  # who else has was not asked yet
    assert find_broken_platforms(fine | one | on("windows", 200, well=1, hosts=3), why_stop_version) == {}
