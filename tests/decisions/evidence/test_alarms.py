"""What should not be is seen, named and weighted; and a sound finding is rarely suspected, however often one looks."""

from dataclasses import replace

import numpy as np
import pytest

from axiom.decisions.evidence.alarms import alarms
from axiom.decisions.evidence.outliers import believed, rarely
from axiom.domain.findings import Agreements, Force, Home, Observation

HOMES = {host: Home(host_id=host, volunteer_id=host, platform="ab"[host % 2]) for host in range(1, 13)}


def seen(values, hosts, designs=("",)) -> list[Observation]:
    return [
        Observation(
            replicate=number, value=value, hosts=(hosts[number % len(hosts)],), design=designs[number % len(designs)]
        )
        for number, value in enumerate(values)
    ]


def all_alarms(counted, homes, agreements=(), *, looks):
    return alarms(believed(counted, homes, looks=looks), homes, agreements, looks=looks)


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


def test_a_host_with_two_values_says_nothing_by_itself():
    values = [*normal(118), 50.0, 60.0]
    hosts = [1, 2, 3] * 39 + [1, 4, 4]
    assert raised([Observation(replicate=n, value=v, hosts=(hosts[n],)) for n, v in enumerate(values)]) == []


def test_hosts_that_differ_without_one_that_stands_out_hold_back():
    homes = {host: Home(host_id=host, volunteer_id=host, platform="a") for host in range(1, 13)}
    values = [value + (0.45 if number % 12 < 6 else -0.45) for number, value in enumerate(normal(240))]
    assert raised(seen(values, range(1, 13)), homes=homes) == [("hosts", Force.HOLDS_BACK)]


def test_gpus_that_compute_otherwise_than_the_cores_beside_them_suspend():
    homes = {host: Home(host_id=host, volunteer_id=1, platform="linux-x86_64-avx2") for host in range(1, 121)}
    values = [value + (0.7 if number % 2 else -0.7) for number, value in enumerate(normal(240))]
    counted = seen(values, [1 + number // 2 for number in range(240)])
    assert raised(counted, homes=homes) == []
    on_gpus = [replace(one, gpus=((one.hosts[0], "NVIDIA"),)) if one.replicate % 2 else one for one in counted]
    assert raised(on_gpus, homes=homes) == [("platforms", Force.SUSPENDS)]


@pytest.mark.parametrize(("seeds", "kinds"), [(4, []), (5, ["platforms"])])
def test_a_platform_with_fewer_than_five_seeds_says_nothing(seeds, kinds):
    homes = {1: Home(host_id=1, volunteer_id=1, platform="a")} | {
        host: Home(host_id=host, volunteer_id=1, platform="b") for host in range(2, 8)
    }
    counted = seen([*normal(60)], [1]) + [
        Observation(replicate=100 + number, value=50.0 + number, hosts=(2 + number,)) for number in range(seeds)
    ]
    assert [kind for kind, _ in raised(counted, homes=homes)] == kinds


def test_designs_that_differ_are_no_alarm_although_hosts_had_different_ones():
    """Ranks are taken within a design."""
    counted = seen([value + 100 * (number % 2) for number, value in enumerate(normal(160))], range(1, 5), "ab")
    assert raised(counted) == []


def test_a_value_of_several_hosts_is_nobody_s_and_one_of_unknown_hosts_too():
    counted = [Observation(replicate=n, value=float(n), hosts=(1, 2) if n < 40 else (99,)) for n in range(80)]
    assert raised(counted) == []
    homes = {1: Home(host_id=1, volunteer_id=1, platform="a"), 2: Home(host_id=2, volunteer_id=1, platform="a")}
    homes[3] = Home(host_id=3, volunteer_id=1, platform="b")
    same = [Observation(replicate=n, value=float(n), hosts=(1, 2) if n < 40 else (3,)) for n in range(80)]
    assert [kind for kind, _ in raised(same, homes=homes)] == ["platforms"]  # both hosts are of one platform


@pytest.mark.parametrize(
    ("agreements", "found"),
    [
        ((Agreements(platforms=("a", "b"), exact=5, divergent=5),), []),  # the end of a chaotic training, no dispute
        ((Agreements(platforms=("a", "b"), exact=5, divergent=1, disputed=1),), [Force.HOLDS_BACK]),
        ((Agreements(platforms=("a", "b"), exact=50, divergent=2, disputed=2),), [Force.HOLDS_BACK]),
        ((Agreements(platforms=("a", "b"), exact=15, divergent=2, disputed=2),), [Force.SUSPENDS]),
        (
            (
                Agreements(platforms=("a", "a"), exact=9, divergent=1, disputed=1),
                Agreements(platforms=("a", "b"), divergent=1, disputed=1),
            ),
            [Force.SUSPENDS],
        ),
    ],
)
def test_hosts_that_say_different_things_of_a_seed_hold_back_and_many_suspend(agreements, found):
    assert [force for _, force in raised(seen(normal(16), [1, 2]), agreements)] == found


@pytest.mark.parametrize(
    ("values", "missing", "found"),
    [(16, 2, []), (40, 30, [Force.TELLS]), (15, 45, [Force.SUSPENDS]), (0, 8, [Force.SUSPENDS]), (0, 2, [])],
)
def test_so_many_missing_values_are_told_and_then_suspend(values, missing, found):
    counted = seen([*normal(values), *[None] * missing], [1])
    assert [force for _, force in raised(counted)] == found


def test_looking_at_every_block_sound_findings_are_suspected_once_in_a_hundred():
    rng, suspected, streams = np.random.default_rng(2), 0, 60
    for values in rng.standard_t(3, (streams, 160)).tolist():
        counted = seen(values, list(range(1, 13)), ("one", "two", "three"))
        suspected += any(raised(counted[:look], looks=look // 16) for look in range(16, 161, 16))
    assert suspected / streams <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / streams)


def test_a_rare_event_makes_no_host_and_no_platform_suspect_however_often_one_looks():
    """Sixty hosts and a platform with few of them: one event there is no wonder."""
    rng, suspected, streams = np.random.default_rng(5), 0, 30
    assert 0.0099 < 3 * sum(rarely(looks) for looks in range(1, 1_000)) <= 0.01  # of a host, of all hosts, of platforms
    homes = {h: Home(host_id=h, volunteer_id=h, platform="a" if h < 57 else "b") for h in range(1, 61)}
    for _ in range(streams):
        events, hosts = (rng.random(160) < 0.05).astype(float), rng.integers(1, 61, 160).tolist()
        counted = seen(events.tolist(), hosts)
        suspected += any(raised(counted[:look], looks=look // 16, homes=homes) for look in range(16, 161, 16))
    assert suspected / streams <= 0.01 + 3 * np.sqrt(0.01 * 0.99 / streams)


def test_platforms_of_which_one_has_an_event_much_more_often_suspend():
    events = [float(number % 10 < (6 if number % 2 else 2)) for number in range(320)]
    homes = {host: Home(host_id=host, volunteer_id=1, platform="ab"[host % 2]) for host in range(1, 121)}
    assert raised(seen(events, range(1, 121)), looks=20, homes=homes) == [("platforms", Force.SUSPENDS)]
