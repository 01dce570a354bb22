"""Who computes otherwise than all others is left out at the worst; who is too many to be left out holds back."""

from dataclasses import replace

import numpy as np
import pytest

from axiom.decisions.evidence.outliers import believed
from axiom.decisions.evidence.reproduction import OUTVOTED
from axiom.decisions.evidence.weigh import weigh
from axiom.domain.findings import Agreements, Force, Grade, Home, Observation, Surroundings, Verdict

HOSTS = range(1, 13)
HOMES = {host: Home(host_id=host, volunteer_id=host, platform="a") for host in HOSTS}
CLAIM = {"name": "asked", "kind": "contrast", "null": 0.0, "smallest": 0.2, "bounds": None}


def seen(values, hosts=HOSTS) -> list[Observation]:
    return [
        Observation(replicate=number, value=value, hosts=(hosts[number % len(hosts)],))
        for number, value in enumerate(values)
    ]


def normal(amount: int, seed: int = 1) -> list[float]:
    return np.random.default_rng(seed).normal(size=amount).tolist()


def shifted(amount: int, wrong, by: float = 4.0, hosts=HOSTS) -> list[Observation]:
    return seen(
        [value + by * (hosts[number % len(hosts)] in wrong) for number, value in enumerate(normal(amount))], hosts
    )


def left_out(found) -> set[int]:
    return {host for one in found.counted if one.value is None for host in one.hosts}


def test_of_several_hosts_that_lie_elsewhere_each_is_left_out_and_all_others_stay():
    counted = shifted(240, {5, 9})
    found = believed(counted, HOMES, looks=8)
    assert left_out(found) == {5, 9}
    kept = [one for one in counted if one.hosts[0] not in (5, 9)]
    assert [one for one in found.counted if one.value is not None] == kept
    assert [(alarm.force, alarm.hosts) for alarm in found.alarms] == [(Force.TELLS, (5, 9))]
    assert found.alone.values == [one.value for one in kept]


def test_beside_a_wrong_host_that_computed_much_nobody_else_is_suspected():
    hosts = [5, 5, *(host for host in HOSTS if host != 5)]
    found = believed(shifted(600, {5}, hosts=hosts), HOMES, looks=8)
    assert left_out(found) == {5}


def test_of_hosts_that_gave_more_than_a_quarter_nobody_knows_who_is_right():
    found = believed(shifted(90, {2}, hosts=[1, 2, 3]), HOMES, looks=4)
    assert left_out(found) == set()
    (alarm,) = found.alarms
    assert alarm.force is Force.HOLDS_BACK
    assert 2 in alarm.hosts
    assert found.alone.values == [one.value for one in found.counted]


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(("many", "few"), [(1, 2), (2, 1)])
def test_of_two_hosts_that_lie_equally_far_from_each_other_the_one_with_few_values_goes(many, few, seed):
    """Rounding and order had decided, and most often for the host with ninety right values."""
    values = [value + 8 * (number % 10 == seed) for number, value in enumerate(normal(100, seed))]
    hosts = [few if number == seed else many for number in range(10)]
    assert left_out(believed(seen(values, hosts), HOMES, looks=6)) == {few}


def test_of_two_hosts_with_as_many_values_neither_is_named_alone():
    (alarm,) = believed(shifted(100, {2}, hosts=(2, 1)), HOMES, looks=6).alarms
    assert (alarm.force, alarm.hosts) == (Force.HOLDS_BACK, (1, 2))


@pytest.mark.parametrize("wrong", [1, 3])
def test_of_chances_too_small_for_a_number_the_smallest_is_still_known(wrong):
    """Beside a host that computed a fifth, twenty thousand values make the chance of each of the others 0 as well."""
    sound = [host for host in (1, 2, 3) if host != wrong]
    found = believed(shifted(20_000, {wrong}, by=10, hosts=[*sound, *sound, wrong]), HOMES, looks=10)
    assert [(alarm.force, alarm.hosts) for alarm in found.alarms] == [(Force.TELLS, (wrong,))]


@pytest.mark.parametrize(("replicates", "hosts"), [({3}, set()), ({3, 4}, set()), ({3, 15}, {4})])
def test_who_was_outvoted_in_two_seeds_is_not_believed_in_the_others(replicates, hosts):
    counted = [
        replace(one, value=None, why_missing=OUTVOTED) if one.replicate in replicates else one
        for one in seen(normal(120))
    ]
    found = believed(counted, HOMES, looks=8)
    gone = {one.hosts[0] for one in found.counted if one.value is None and one.why_missing != OUTVOTED}
    assert gone == hosts
    assert {host for alarm in found.alarms for host in alarm.hosts} == hosts
    both = [Observation(replicate=n, value=None, why_missing=OUTVOTED, hosts=(1, 2)) for n in range(4)]
    assert believed([*seen(normal(60)), *both], HOMES, looks=4).alarms == ()  # of several hosts it says nothing


def test_what_is_left_out_counts_against_the_verdict_and_lets_it_be_sure():
    """A host that shifts its values is not waited for, and nothing gets surer without it."""
    values = [value + 1.2 for value in normal(120)]
    wrong = seen([value + 6 * (number % 12 == 4) for number, value in enumerate(values)])
    beside = Surroundings(agreements=(Agreements(platforms=("linux", "linux"), exact=20),))
    said = weigh(CLAIM, wrong, blocks=15, homes=HOMES, surroundings=beside)
    honest = weigh(CLAIM, seen(values), blocks=15, homes=HOMES)
    assert (said.verdict, said.grade, said.missing) == (Verdict.POSITIVE, Grade.STRONG, 10)
    assert 0 < said.low <= honest.low
    assert said.e_value <= honest.e_value


def test_no_finding_is_made_by_leaving_out():
    """Values without any effect, of which one host's are shifted: they stay undecided, or absent."""
    rng, found, streams = np.random.default_rng(3), 0, 20
    for _ in range(streams):
        values = rng.normal(size=96) + 3.0 * (np.arange(96) % 12 == 4)
        found += weigh(CLAIM, seen(values.tolist()), blocks=12, homes=HOMES).verdict is not Verdict.UNDECIDED
    assert found <= streams * 0.05
