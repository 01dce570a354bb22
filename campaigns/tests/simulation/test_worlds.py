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

from axiom.domain.estimands import Kind
from axiom.store.connections import Connections
from axiom.store.engine.folder import Folder
from axiom_weigh.values import Verdict

HONEST = Computing(world=1, host=3, platform="linux")
ELSEWHERE = Computing(world=1, host=4, platform="windows")
FIRST, SECOND = {"arm": 1, "size": 1}, {"arm": 2, "size": 1}
SEEDS = range(2_500)
MORE = {"kind": "contrast", "measure": "value", "between": [{"arm": 2}, {"arm": 1}], "null": 0.0, "smallest": 0.2}


def truth(kind=Kind.CONTRAST, **changes) -> Truth:
    calm = {"effect": 0.0, "bend": 0.0, "law": NumberSpread.NORMAL, "disturbance": Disturbance.NONE}
    return Truth(asked=PublishedQuestion(name="q", kind=kind, seconds=20.0, smallest=0.2), **calm | changes)


def contrasts(of: Truth, by=HONEST, size=1) -> list[float]:
    pairs = [[draw(of, {"arm": arm, "size": size}, seed, by).value for arm in (2, 1)] for seed in SEEDS]
    return [more - less for more, less in pairs if more is not None and less is not None]


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    """A day of one world, and its folder."""
    place = tmp_path_factory.mktemp("world") / "lab"
    return play(4, place, days=1.2), place


def test_a_laboratory_in_a_world_comes_to_grades_that_are_so_and_breaks_no_promise(lived):
    ended, place = lived
    assert ended.broken == ()
    assert ended.sessions >= 4
    assert sum(finding.is_declared for finding in ended.judged.findings) == len(asked())
    assert ended.judged.results > 1_000
    assert {"Awaiting", "Moderate", "Strong"} <= {finding.grade for finding in ended.judged.findings}
    sure = [finding for finding in ended.judged.findings if finding.is_sure]
    assert len(sure) >= 2
    assert not any(finding.is_false for finding in sure)
    turned = {name: replace(known, effect=-known.effect - 0.4) for name, known in truths(4).items()}
    with Connections(folder=Folder(path=place)).reader() as db:
        sure = [finding for finding in judge(db, turned).findings if finding.is_sure]
    assert sum(finding.is_false for finding in sure) > len(sure) / 2  # the judge tells a laboratory that is wrong


def test_the_laboratory_is_told_nothing_of_the_truth():
    for question in published():
        assert "effect" not in str(question.manifest.estimands)
        name = question.manifest.name
        assert truths(1)[name].asked == truths(2)[name].asked
    assert truths(1) != truths(2)


def test_a_world_follows_from_its_seed(tmp_path):
    assert play(9, tmp_path / "first", days=0.1) == play(9, tmp_path / "second", days=0.1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_world_has_as_many_questions_without_an_effect_as_it_says(seed):
    known = truths(seed).values()
    assert sum(not truth.effect for truth in known) == NULLS
    assert sum(truth.is_large for truth in known) >= 5
    assert all(truth.effect == 0 for truth in known if truth.disturbance is Disturbance.UNEVEN)
    assert {truth.disturbance for truth in known} == set(Disturbance)
    costs = [truth.asked.seconds for truth in known]
    assert (min(costs), max(costs)) == (20.0, 2_000.0)


@pytest.mark.parametrize("law", list(NumberSpread))
def test_a_contrast_lies_where_it_was_planted_and_a_level_without_effect_at_its_null(law):
    drawn = contrasts(truth(effect=0.4, law=law))
    assert statistics.median(drawn) == pytest.approx(0.4, abs=0.08)
    if law is not NumberSpread.HEAVY:  # its fourth moment has no end, so neither has its spread's error
        assert statistics.pstdev(drawn) == pytest.approx(1.0, abs=0.15)
    levels = [draw(truth(Kind.LEVEL, law=law), SECOND, seed, HONEST).value for seed in SEEDS]
    assert sum(level > 0 for level in levels) / len(levels) == pytest.approx(0.5, abs=0.03)


def test_events_happen_as_often_as_planted_and_another_shape_differs_in_its_mean():
    events = [draw(truth(Kind.PROPORTION, effect=0.5), SECOND, seed, HONEST).value for seed in SEEDS]
    assert set(events) == {0.0, 1.0}
    assert statistics.fmean(events) == pytest.approx(SHARE + 0.5 * EVENT_SPREAD, abs=0.03)
    uneven = contrasts(truth(disturbance=Disturbance.UNEVEN))
    assert statistics.median(uneven) == pytest.approx(0.0, abs=0.06)
    assert statistics.fmean(uneven) == pytest.approx(1.0 - math.log(2.0), abs=0.06)


def test_honest_hosts_say_the_same_wherever_they_are():
    for kind in Kind.CONTRAST, Kind.LEVEL, Kind.PROPORTION:
        late = truth(kind, effect=0.3, disturbance=Disturbance.LATE)
        assert all(draw(late, SECOND, seed, HONEST) == draw(late, SECOND, seed, ELSEWHERE) for seed in range(50))


def test_only_where_hosts_or_platforms_matter_who_computes_enters():
    shifted = truth(disturbance=Disturbance.HOSTS)
    assert draw(shifted, SECOND, 1, HONEST) != draw(shifted, SECOND, 1, ELSEWHERE)
    assert draw(shifted, FIRST, 1, HONEST) == draw(shifted, FIRST, 1, ELSEWHERE)
    windows = statistics.median(contrasts(truth(disturbance=Disturbance.PLATFORM), by=ELSEWHERE))
    assert windows == pytest.approx(0.6, abs=0.08)
    chaotic = truth(disturbance=Disturbance.CHAOS)
    here, there = draw(chaotic, SECOND, 1, HONEST), draw(chaotic, SECOND, 1, ELSEWHERE)
    assert here.early == there.early
    assert here.value != there.value


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
    assert statistics.median(contrasts(bent, size=9)) == pytest.approx(-0.4, abs=0.08)


def test_the_mean_of_skewed_levels_has_no_formula_and_is_tried():
    skewed = truth(Kind.LEVEL, law=NumberSpread.LOGNORMAL)
    level = {"kind": "level", "measure": "value", "between": [{"arm": 2}], "null": 0.0, "smallest": 0.2}
    several = [{"arm": 2, "size": size} for size in (1, 2, 3, 4)]
    assert true_value(skewed, level, several[:1]) == 0.0
    assert true_value(skewed, level, several) > 0.1  # the mean of four lies above the median of one
