"""A laboratory in a world whose truth is known: hosts measure what is so, and the judge knows what was claimed."""

import math
import statistics
from dataclasses import replace

import pytest
from world.drawing import Computing, draw
from world.judging import contradicts, judge, true_value
from world.truths import (
    EVENT_SPREAD,
    NULLS,
    SHARE,
    Disturbance,
    NumberSpread,
    PublishedQuestion,
    Truth,
    asked,
    truths,
)
from world.worlds import play, published

from axiom.domain.findings import Kind, Verdict
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder

HONEST = Computing(world=1, host=3, platform="linux")
ELSEWHERE = Computing(world=1, host=4, platform="windows")
FIRST, SECOND = {"arm": 1, "size": 1}, {"arm": 2, "size": 1}
SEEDS = range(8_000)
MORE = {"kind": "contrast", "measure": "value", "between": [{"arm": 2}, {"arm": 1}], "null": 0.0, "smallest": 0.2}


def truth(kind=Kind.CONTRAST, **said) -> Truth:
    known = {"effect": 0.0, "bend": 0.0, "law": NumberSpread.NORMAL, "disturbance": Disturbance.NONE} | said
    return Truth(asked=PublishedQuestion(name="q", kind=kind, seconds=20.0, smallest=0.2), **known)


def contrasts(of: Truth, by=HONEST, size=1) -> list[float]:
    pairs = [[draw(of, {"arm": arm, "size": size}, seed, by).value for arm in (2, 1)] for seed in SEEDS]
    return [more - less for more, less in pairs if more is not None and less is not None]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A few days of one world, and its folder."""
    place = tmp_path_factory.mktemp("world") / "lab"
    return play(4, place, days=3.0), place


def test_a_laboratory_in_a_world_comes_to_grades_and_breaks_no_promise(lived):
    ended, _ = lived
    assert ended.broken == ()
    assert ended.sessions >= 4
    assert sum(one.is_declared for one in ended.judged.findings) == len(asked())
    assert ended.judged.results > 1_000
    grades = {one.grade for one in ended.judged.findings}
    assert {"Awaiting", "Moderate", "Strong"} <= grades


def test_what_it_is_sure_of_is_so(lived):
    sure = [one for one in lived[0].judged.findings if one.is_sure]
    assert len(sure) >= 2
    assert [one for one in sure if one.is_false] == []


def test_the_judge_tells_a_laboratory_that_is_wrong(lived):
    _, place = lived
    turned = {name: replace(one, effect=-one.effect - 0.4) for name, one in truths(4).items()}
    with Connections(folder=Folder(path=place)).reader() as db:
        found = [one for one in judge(db, turned).findings if one.is_sure]
    assert sum(one.is_false for one in found) > len(found) / 2


def test_the_laboratory_is_told_nothing_of_the_truth():
    for one in published():
        assert "effect" not in str(one.manifest.estimands)
        assert one.manifest.name in truths(1)
        assert truths(1)[one.manifest.name].asked == truths(2)[one.manifest.name].asked
    assert truths(1) != truths(2)


def test_a_world_follows_from_its_seed(tmp_path):
    first = play(9, tmp_path / "one", days=0.1)
    second = play(9, tmp_path / "two", days=0.1)
    assert first == second


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_world_has_as_many_questions_without_an_effect_as_it_says(seed):
    known = truths(seed)
    assert sum(not one.effect for one in known.values()) == NULLS
    assert sum(one.is_large for one in known.values()) >= 5
    assert all(one.effect == 0 for one in known.values() if one.disturbance is Disturbance.UNEVEN)
    assert {one.disturbance for one in known.values()} == set(Disturbance)
    costs = [one.asked.seconds for one in known.values()]
    assert (min(costs), max(costs)) == (20.0, 2_000.0)


@pytest.mark.parametrize("law", list(NumberSpread))
def test_a_contrast_lies_where_its_effect_was_planted(law):
    found = contrasts(truth(effect=0.4, law=law))
    assert statistics.median(found) == pytest.approx(0.4, abs=0.05)
    if law is not NumberSpread.HEAVY:  # its fourth moment has no end, so neither has its spread's error
        assert statistics.pstdev(found) == pytest.approx(1.0, abs=0.15)


@pytest.mark.parametrize("law", list(NumberSpread))
def test_a_level_without_an_effect_has_its_median_at_the_null(law):
    found = [draw(truth(Kind.LEVEL, law=law), SECOND, seed, HONEST).value for seed in SEEDS]
    assert sum(one > 0 for one in found) / len(found) == pytest.approx(0.5, abs=0.02)


def test_events_happen_as_often_as_planted():
    found = [draw(truth(Kind.PROPORTION, effect=0.5), SECOND, seed, HONEST).value for seed in SEEDS]
    assert set(found) == {0.0, 1.0}
    assert statistics.fmean(found) == pytest.approx(SHARE + 0.5 * EVENT_SPREAD, abs=0.02)


def test_arms_of_another_shape_have_a_contrast_with_its_median_at_zero_and_its_mean_elsewhere():
    found = contrasts(truth(disturbance=Disturbance.UNEVEN))
    assert statistics.median(found) == pytest.approx(0.0, abs=0.03)
    assert statistics.fmean(found) == pytest.approx(1.0 - math.log(2.0), abs=0.03)


def test_honest_hosts_say_the_same_wherever_they_are():
    for seed in range(50):
        for kind in Kind.CONTRAST, Kind.LEVEL, Kind.PROPORTION:
            one = truth(kind, effect=0.3, disturbance=Disturbance.LATE)
            assert draw(one, SECOND, seed, HONEST) == draw(one, SECOND, seed, ELSEWHERE)


def test_only_where_hosts_or_platforms_matter_who_computes_enters():
    shifted = truth(disturbance=Disturbance.HOSTS)
    assert draw(shifted, SECOND, 1, HONEST) != draw(shifted, SECOND, 1, ELSEWHERE)
    assert draw(shifted, FIRST, 1, HONEST) == draw(shifted, FIRST, 1, ELSEWHERE)
    windows = statistics.median(contrasts(truth(disturbance=Disturbance.PLATFORM), by=ELSEWHERE))
    assert windows == pytest.approx(0.6, abs=0.05)
    chaotic = truth(disturbance=Disturbance.CHAOS)
    one, other = draw(chaotic, SECOND, 1, HONEST), draw(chaotic, SECOND, 1, ELSEWHERE)
    assert one.early == other.early
    assert one.value != other.value


def test_a_liar_is_told_by_its_early_values_and_a_broken_host_is_not():
    liar, broken = replace(HONEST, lie="3"), replace(HONEST, bias=1.0)
    honest = draw(truth(), SECOND, 1, HONEST)
    assert draw(truth(), SECOND, 1, liar).early != honest.early
    assert draw(truth(), SECOND, 1, broken).early == honest.early
    assert draw(truth(), SECOND, 1, broken).value == pytest.approx(honest.value + 1.0)


def test_large_values_are_late_in_both_arms_or_in_one():
    def late(disturbance, config):
        return sum(draw(truth(disturbance=disturbance), config, seed, HONEST).value is None for seed in range(2_000))

    assert 20 < late(Disturbance.LATE, FIRST) < 80
    assert 20 < late(Disturbance.LATE, SECOND) < 80
    assert late(Disturbance.LATE_ARM, FIRST) == 0
    assert 20 < late(Disturbance.LATE_ARM, SECOND) < 80


@pytest.mark.parametrize(
    ("verdict", "away", "is_false"),
    [
        (Verdict.POSITIVE, 0.0, True),
        (Verdict.POSITIVE, -0.3, True),
        (Verdict.POSITIVE, 0.01, False),  # small, and there
        (Verdict.NEGATIVE, 0.0, True),
        (Verdict.NEGATIVE, -0.01, False),
        (Verdict.ABSENT, 0.19, False),
        (Verdict.ABSENT, -0.2, True),
        (Verdict.UNDECIDED, 1.0, False),
        (Verdict.MIXED, 1.0, False),
    ],
)
def test_a_verdict_is_false_where_the_truth_lies_elsewhere(verdict, away, is_false):
    assert contradicts(verdict, away, 0.2) is is_false


def test_the_truth_of_a_design_is_what_honest_hosts_find_in_it():
    bent = truth(effect=0.8, bend=1.5)
    far = [{"arm": arm, "size": 9} for arm in (1, 2)]
    assert true_value(bent, MORE, [FIRST, SECOND]) == pytest.approx(0.8)
    assert true_value(bent, MORE, far) == pytest.approx(-0.4)
    assert true_value(bent, MORE, [FIRST, SECOND, *far]) == pytest.approx(0.2)
    assert statistics.median(contrasts(bent, size=9)) == pytest.approx(-0.4, abs=0.05)


def test_the_mean_of_skewed_levels_has_no_formula_and_is_tried():
    skewed = truth(Kind.LEVEL, law=NumberSpread.LOGNORMAL)
    level = {"kind": "level", "measure": "value", "between": [{"arm": 2}], "null": 0.0, "smallest": 0.2}
    several = [{"arm": 2, "size": size} for size in (1, 2, 3, 4)]
    assert true_value(skewed, level, several[:1]) == 0.0
    assert true_value(skewed, level, several) > 0.1  # the mean of four lies above the median of one
