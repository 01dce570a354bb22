"""What should not be is seen, named and weighted; and a sound finding is rarely suspected, however often one looks."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from axiom_weigh.evidence.disputed_and_missing_seeds import list_alarms
from axiom_weigh.evidence.outlying_hosts import compute_rarity_bar, screen_values
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import OUTVOTED, Agreements, Force, Grade, Home, Observation, Surroundings, Verdict

HOMES = {host: Home(host_id=host, volunteer_id=host, platform="ab"[host % 2]) for host in range(1, 13)}


def seen(values, hosts=range(1, 13), designs=("",)) -> list[Observation]:
    places = zip(itertools.count(), itertools.cycle(hosts), itertools.cycle(designs), values, strict=False)
    return [Observation(replicate=n, value=value, hosts=(host,), design=design) for n, host, design, value in places]


def all_alarms(counted, homes, agreements=(), *, looks):
    screened = screen_values(counted, homes, looks=looks)
    return (*screened.alarms, *list_alarms(screened.counted, agreements))


def raised(counted, agreements=(), *, looks=4, homes=HOMES):
    return [(alarm.kind, alarm.force) for alarm in all_alarms(counted, homes, agreements, looks=looks)]


def normal(amount: int, seed: int = 1) -> list[float]:
    return np.random.default_rng(seed).normal(size=amount).tolist()


def test_a_host_whose_values_lie_elsewhere_is_named_and_its_platform_is_not():
    assert raised(seen(normal(160), range(1, 13))) == []
    values = [value + (4 if number % 12 == 4 else 0) for number, value in enumerate(normal(120))]
    (alarm,) = all_alarms(seen(values, range(1, 13)), HOMES, looks=8)
    assert (alarm.kind, alarm.force, alarm.hosts) == ("hosts", Force.TELLS, (5,))
    assert "host 5" in alarm.text
    assert "10 values left out" in alarm.text


def test_hosts_that_differ_hold_back_and_platforms_that_differ_suspend():
    homes = {host: Home(host_id=host, volunteer_id=host, platform="a") for host in range(1, 13)}
    values = [value + (0.45 if number % 12 < 6 else -0.45) for number, value in enumerate(normal(240))]
    assert raised(seen(values, range(1, 13)), homes=homes) == [("hosts", Force.HOLDS_BACK)]
    homes = {host: Home(host_id=host, volunteer_id=1, platform="linux-x86_64-avx2") for host in range(1, 121)}
    values = [value + (0.7 if number % 2 else -0.7) for number, value in enumerate(normal(240))]
    counted = seen(values, [1 + number // 2 for number in range(240)])
    assert raised(counted, homes=homes) == []
    on_gpus = [
        replace(observation, gpus=((observation.hosts[0], "NVIDIA"),)) if observation.replicate % 2 else observation
        for observation in counted
    ]
    assert raised(on_gpus, homes=homes) == [("platforms", Force.SUSPENDS)]
    events = [float(number % 10 < (6 if number % 2 else 2)) for number in range(320)]
    homes = {host: Home(host_id=host, volunteer_id=1, platform="ab"[host % 2]) for host in range(1, 121)}
    assert raised(seen(events, range(1, 121)), looks=20, homes=homes) == [("platforms", Force.SUSPENDS)]


@pytest.mark.parametrize(("seeds", "kinds"), [(4, []), (5, ["platforms"])])
def test_a_platform_with_fewer_than_five_seeds_says_nothing(seeds, kinds):
    homes = {host: Home(host_id=host, volunteer_id=1, platform="a" if host == 1 else "b") for host in range(1, 8)}
    apart = [Observation(replicate=100 + place, value=50.0 + place, hosts=(2 + place,)) for place in range(seeds)]
    counted = seen(normal(60), [1]) + apart
    assert [kind for kind, _ in raised(counted, homes=homes)] == kinds


def test_several_hosts_two_values_and_other_designs_say_nothing_of_a_host():
    counted = [Observation(replicate=n, value=float(n), hosts=(1, 2) if n < 40 else (99,)) for n in range(80)]
    assert raised(counted) == []
    homes = {host: Home(host_id=host, volunteer_id=1, platform=platform) for host, platform in enumerate("aab", 1)}
    same = [Observation(replicate=n, value=float(n), hosts=(1, 2) if n < 40 else (3,)) for n in range(80)]
    assert [kind for kind, _ in raised(same, homes=homes)] == ["platforms"]  # both hosts are of one platform
    values = [*normal(118), 50.0, 60.0]
    hosts = [1, 2, 3] * 39 + [1, 4, 4]
    assert raised([Observation(replicate=n, value=v, hosts=(hosts[n],)) for n, v in enumerate(values)]) == []
    counted = seen([value + 100 * (number % 2) for number, value in enumerate(normal(160))], range(1, 5), "ab")
    assert raised(counted) == []


ODD = Agreements(platforms=("a", "b"), divergent=1, disputed=1)


@pytest.mark.parametrize(
    ("agreements", "forces"),
    [
        ((Agreements(platforms=("a", "b"), exact=5, divergent=5),), []),  # the end of a chaotic training, no dispute
        ((replace(ODD, exact=5),), [Force.HOLDS_BACK]),
        ((Agreements(platforms=("a", "b"), exact=50, divergent=2, disputed=2),), [Force.HOLDS_BACK]),
        ((Agreements(platforms=("a", "b"), exact=15, divergent=2, disputed=2),), [Force.SUSPENDS]),
        ((replace(ODD, platforms=("a", "a"), exact=9), ODD), [Force.SUSPENDS]),
    ],
)
def test_hosts_that_say_different_things_of_a_seed_hold_back_and_many_suspend(agreements, forces):
    assert [force for _, force in raised(seen(normal(16), [1, 2]), agreements)] == forces


def test_so_many_missing_values_are_told_and_then_suspend():
    forces = {(16, 2): [], (40, 30): [Force.TELLS], (15, 45): [Force.SUSPENDS], (0, 8): [Force.SUSPENDS], (0, 2): []}
    for (values, missing), force in forces.items():
        assert [alarm[1] for alarm in raised(seen([*normal(values), *[None] * missing], [1]))] == force


def test_looking_at_every_block_sound_findings_are_suspected_once_in_a_hundred():
    rng, suspected, streams = np.random.default_rng(2), 0, 60
    for values in rng.standard_t(3, (streams, 160)).tolist():
        counted = seen(values, list(range(1, 13)), ("one", "two", "three"))
        suspected += any(raised(counted[:look], looks=look // 16) for look in range(16, 161, 16))
    assert suspected / streams <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / streams)


def test_a_rare_event_makes_no_host_and_no_platform_suspect_however_often_one_looks():
    """Sixty hosts and a platform with few of them: one event there is no wonder."""
    rng, suspected, streams = np.random.default_rng(5), 0, 30
    # of a host, of all hosts, of platforms
    assert 0.0099 < 3 * sum(compute_rarity_bar(looks) for looks in range(1, 1_000)) <= 0.01
    homes = {h: Home(host_id=h, volunteer_id=h, platform="a" if h < 57 else "b") for h in range(1, 61)}
    for _ in range(streams):
        events, hosts = (rng.random(160) < 0.05).astype(float), rng.integers(1, 61, 160).tolist()
        counted = seen(events.tolist(), hosts)
        suspected += any(raised(counted[:look], looks=look // 16, homes=homes) for look in range(16, 161, 16))
    assert suspected / streams <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / streams)


HOSTS = range(1, 13)
ON_ONE_PLATFORM = {host: Home(host_id=host, volunteer_id=host, platform="a") for host in HOSTS}
CLAIM = {"name": "asked", "kind": "contrast", "null": 0.0, "smallest": 0.2, "bounds": None}


def shifted(amount: int, wrong, by: float = 4.0, hosts=HOSTS) -> list[Observation]:
    places = zip(normal(amount), itertools.cycle(hosts), strict=False)
    return seen([value + by * (host in wrong) for value, host in places], hosts)


def left_out(screened) -> set[int]:
    return {host for observation in screened.counted if observation.value is None for host in observation.hosts}


def test_of_several_hosts_that_lie_elsewhere_each_is_left_out_and_all_others_stay():
    counted = shifted(240, {5, 9})
    screened = screen_values(counted, ON_ONE_PLATFORM, looks=8)
    assert left_out(screened) == {5, 9}
    kept = [observation for observation in counted if observation.hosts[0] not in (5, 9)]
    assert [observation for observation in screened.counted if observation.value is not None] == kept
    assert [(alarm.force, alarm.hosts) for alarm in screened.alarms] == [(Force.TELLS, (5, 9))]


def test_of_hosts_that_gave_more_than_a_quarter_nobody_knows_who_is_right():
    screened = screen_values(shifted(90, {2}, hosts=[1, 2, 3]), ON_ONE_PLATFORM, looks=4)
    assert left_out(screened) == set()
    (alarm,) = screened.alarms
    assert alarm.force is Force.HOLDS_BACK
    assert 2 in alarm.hosts
    (alarm,) = screen_values(shifted(100, {2}, hosts=(2, 1)), ON_ONE_PLATFORM, looks=6).alarms
    assert (alarm.force, alarm.hosts) == (Force.HOLDS_BACK, (1, 2))


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(("many", "few"), [(1, 2), (2, 1)])
def test_of_two_hosts_equally_far_from_each_other_the_one_with_few_values_goes(many, few, seed):
    """Rounding and order had decided, and most often for the host with ninety right values."""
    values = [value + 8 * (number % 10 == seed) for number, value in enumerate(normal(100, seed))]
    hosts = [few if number == seed else many for number in range(10)]
    assert left_out(screen_values(seen(values, hosts), ON_ONE_PLATFORM, looks=6)) == {few}


@pytest.mark.parametrize("wrong", [1, 3])
def test_of_chances_too_small_for_a_number_the_smallest_is_still_known(wrong):
    """Beside a host that computed a fifth, twenty thousand values make the chance of each of the others 0 as well."""
    sound = [host for host in (1, 2, 3) if host != wrong]
    screened = screen_values(shifted(20_000, {wrong}, by=10, hosts=[*sound, *sound, wrong]), ON_ONE_PLATFORM, looks=10)
    assert [(alarm.force, alarm.hosts) for alarm in screened.alarms] == [(Force.TELLS, (wrong,))]


@pytest.mark.parametrize(("replicates", "hosts"), [({3}, set()), ({3, 4}, set()), ({3, 15}, {4})])
def test_who_was_outvoted_in_two_seeds_is_not_believed_in_the_others(replicates, hosts):
    counted = [
        replace(observation, value=None, why_missing=OUTVOTED) if observation.replicate in replicates else observation
        for observation in seen(normal(120))
    ]
    screened = screen_values(counted, ON_ONE_PLATFORM, looks=8)
    gone = {
        observation.hosts[0]
        for observation in screened.counted
        if observation.value is None and observation.why_missing != OUTVOTED
    }
    assert gone == hosts
    assert {host for alarm in screened.alarms for host in alarm.hosts} == hosts
    both = [Observation(replicate=n, value=None, why_missing=OUTVOTED, hosts=(1, 2)) for n in range(4)]
    several = screen_values([*seen(normal(60)), *both], ON_ONE_PLATFORM, looks=4)
    assert several.alarms == ()  # of several hosts it says nothing


def test_what_is_left_out_counts_against_the_verdict_and_lets_it_be_sure():
    """A host that shifts its values is not waited for, and nothing gets surer without it."""
    values = [value + 1.2 for value in normal(120)]
    wrong = seen([value + 6 * (number % 12 == 4) for number, value in enumerate(values)])
    beside = Surroundings(agreements=(Agreements(platforms=("linux", "linux"), exact=20),))
    evidence = weigh_observations(CLAIM, wrong, blocks=15, homes=ON_ONE_PLATFORM, surroundings=beside)
    honest = weigh_observations(CLAIM, seen(values), blocks=15, homes=ON_ONE_PLATFORM)
    assert evidence.verdict == Verdict.POSITIVE
    assert evidence.grade == Grade.STRONG
    assert evidence.missing == 10
    assert 0 < evidence.low <= honest.low
    assert evidence.e_value <= honest.e_value
