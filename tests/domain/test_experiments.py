"""What an experiment is, and what is refused before anything is built on it."""

import hashlib
from dataclasses import dataclass, replace

import disc_map
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.domain.estimands import Center, Direction, Estimand, Event, Kind, Prediction
from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid, seed_of
from axiom.domain.maps import ARMS


@dataclass(frozen=True, kw_only=True)
class Config:
    width: int
    rate: float = 0.1


@dataclass(frozen=True, kw_only=True)
class Measures:
    loss: float


PREDICTION = Prediction(positive=1.0, negative=0.0, absent=0.0, interval=(0.0, 1.0), because="a test")


def estimand(**changes) -> Estimand:
    fields = {"kind": Kind.SLOPE, "measure": "loss", "across": "width", "expects": Direction.LESS, **changes}
    return Estimand(name="falls", claim="it falls", smallest=0.1, prediction=PREDICTION, **fields)


def experiment(**changes) -> Experiment:
    fields = {
        "name": "tiny_sum",
        "version": 1,
        "measures": Measures,
        "sweep": grid(Config, width=[1, 2]),
        "ranges": {"width": (1, 9)},
        "estimands": (estimand(),),
        **changes,
    }
    return Experiment(
        question="?",
        run=lambda _config, _seed: Measures(loss=0.0),
        **{"needs": Needs(seconds=lambda _config: 1.0, memory_mb=100), **fields},
    )


def test_a_grid_holds_every_combination_and_the_last_factor_varies_fastest():
    found = grid(Config, width=[1, 2], rate=[0.1, 0.2])
    assert [(config.width, config.rate) for config in found] == [(1, 0.1), (1, 0.2), (2, 0.1), (2, 0.2)]
    assert experiment(version=1, needs=Needs(seconds=id, memory_mb=1, copies=5)).factors == {"width", "rate"}
    assert experiment(estimands=(BETWEEN,)).estimands
    assert experiment(estimands=(estimand(kind=Kind.LEVEL, across=""),), ranges={}).estimands


BETWEEN = estimand(across="", kind=Kind.CONTRAST, between=({"width": 1}, {"width": 2}))
UNKNOWN = estimand(across="", kind=Kind.CONTRAST, between=({"width": 1}, {"depth": 2}))


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"name": "Tiny"}, "Tiny"),
        ({"name": "ab"}, "ab"),
        ({"name": "a" * 65}, "aaa"),
        ({"version": 0}, "1 or more"),
        ({"sweep": ()}, "empty"),
        ({"tolerance": 0.0}, r"tolerance 0\.0"),
        ({"tolerance": 1.0}, r"tolerance 1\.0"),
        ({"sweep": (Config(width=1), Config(width=1))}, "twice"),
        ({"measures": dict}, "dataclass"),
        ({"estimands": (estimand(measure="lost"),)}, r"'lost'.*did you mean loss\? there are loss"),
        ({"estimands": (estimand(across="depth"),)}, "'depth'.*there are rate, width"),
        ({"estimands": (UNKNOWN,)}, "'depth'"),
        ({"estimands": (estimand(kind=Kind.PROPORTION, event=Event(by=1.0, budget="widht")),)}, "'widht'.*width"),
        ({"estimands": estimand()}, r"tuple\[Estimand, \.\.\.\].*a comma"),
        ({"estimands": (estimand(expects="more"),)}, r"Direction\.MORE or Direction\.LESS or .*'more'"),
        ({"figure": Figure(x="width", y="los", title="")}, "'los'.*loss"),
        ({"figure": Figure(x="with", y="loss", title="")}, "'with'.*width"),
        ({"figure": Figure(x="width", y="loss", title="", along="left", levels={"9999": "5 %"})}, "'9999'"),
        ({"words": {"widht": "width"}}, "'widht'.*did you mean width"),
        ({"needs": Needs(seconds=id, memory_mb=1, copies=0)}, "0 copies"),
        ({"needs": Needs(seconds=id, memory_mb=1, copies=6)}, "6 copies"),
        ({"ranges": {"depth": (1, 2)}}, "'depth'"),
    ],
)
def test_a_declaration_that_could_not_be_computed_or_weighed_is_refused(changes, fact):
    assert {len(experiment(name="a" * length).name) for length in (3, 64)} == {3, 64}
    with pytest.raises((ValueError, TypeError), match=fact):
        experiment(**changes)


def test_a_task_computes_on_a_few_cores_and_a_gpu_has_it_alone():
    assert Needs(seconds=id, memory_mb=1, cores=64, may_use_gpu=True).cores == 64
    for cores, gpu in ((0, False), (65, False), (2, True)):
        with pytest.raises(ValueError, match=f"{cores} cores"):
            Needs(seconds=id, memory_mb=1, cores=cores, gpu=gpu)
    with pytest.raises(ValueError, match="2 cores"):
        Needs(seconds=id, memory_mb=1, cores=2, may_use_gpu=True, side_by_side=True)


@settings(max_examples=20)
@given(
    st.lists(
        st.tuples(st.sampled_from(["tiny_sum", "tiny_sum_1", "other"]), st.integers(1, 99), st.integers(0, 10**9)),
        min_size=2,
        unique=True,
    )
)
def test_no_two_replicates_share_a_seed(replicates):
    seeds = [seed_of(*replicate) for replicate in replicates]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**63 for seed in seeds)
    # This number is a promise: with another, no result of this laboratory could be computed again.
    assert seed_of("tiny_sum", 1, 0) == int(hashlib.sha256(b"axiom-seed-1|tiny_sum|1|0").hexdigest()[:16], 16) // 2


def control(**changes) -> Control:
    fields = {"estimand": "falls", "placebo": (Config(width=1),), "planted": (Config(width=2),), **changes}
    return Control(**fields)


def test_a_control_controls_an_estimand_and_may_go_beyond_the_sweep():
    beyond = control(planted=(Config(width=2_000),))
    assert experiment(controls=(beyond,)).controls == (beyond,)
    for changes, fact in (
        ({"estimand": "rises"}, "rises"),
        ({"placebo": ()}, "like those of the sweep"),
        ({"planted": (Measures(loss=1.0),)}, "like those of the sweep"),
        ({"planted": (Config(width=2), Config(width=2))}, "twice"),
    ):
        with pytest.raises(ValueError, match=fact):
            experiment(controls=(control(**changes),))
    arms = grid(Config, width=[1, 2])
    for part in ("placebo", "planted"):
        with pytest.raises(ValueError, match=f"`{part}` of the control has no config with"):
            experiment(estimands=(BETWEEN,), controls=(control(**{"placebo": arms, "planted": arms, part: arms[:1]}),))


def test_an_event_comes_later_than_it_is_asked_and_is_a_share():
    soon = Event(by=1.0, budget="width")
    assert estimand(kind=Kind.PROPORTION, event=soon).event == soon
    assert replace(BETWEEN, about=Center.MEAN, bounds=(-1.0, 1.0), event=soon).event == soon
    for kind in (Kind.SLOPE, Kind.LEVEL, Kind.CONTRAST):
        with pytest.raises(ValueError, match="proportion"):
            replace(BETWEEN, kind=kind, across="width", event=soon)
    for after, by in ((1.0, 1.0), (-1.0, 1.0), (0.0, float("inf"))):
        with pytest.raises(ValueError, match="later"):
            Event(after=after, by=by, budget="width")


@pytest.mark.parametrize(("kind", "lacking"), [(Kind.CONTRAST, "two arms"), (Kind.SLOPE, "a factor")])
def test_an_estimand_of_which_nothing_could_be_concluded_says_what_it_lacks(kind, lacking):
    with pytest.raises(ValueError, match=lacking):
        estimand(kind=kind, across="")


def test_a_figure_shows_the_cells_with_its_levels():
    for where, shown in (({}, True), ({"width": 1}, True), ({"width": 2}, False), ({"depth": 1}, False)):
        assert Figure(x="rate", y="loss", title="Loss", where=where).shows({"width": 1, "rate": 0.1}) is shown


def test_a_figure_tells_its_levels_as_numbers_of_something_and_in_no_words():
    for along, levels in (("", {"1": "5 %"}), ("left", {"1": "the best"}), ("left", {"1": "5 % win"})):
        with pytest.raises(ValueError, match="levels"):
            Figure(x="rate", y="loss", title="Loss", along=along, levels=levels)
    with pytest.raises(ValueError, match="percentage points"):
        Figure(x="rate", y="accuracy", title="Accuracy", percent="% of it all")


# --- maps


@dataclass(frozen=True, kw_only=True)
class Nowhere:
    """A config that says no place."""

    size: float = 1.0


LINE, ROOM = disc_map.experiment.estimands


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"map": None}, "estimand line"),
        ({"sweep": (Nowhere(),), "estimands": ()}, "level, column, row"),
        ({"ranges": {"level": (0, 3)}}, "range"),
        ({"map": replace(disc_map.MAP, measure="colour")}, "'colour'"),
        ({"sweep": (disc_map.Config(level=1),)}, "level 0"),
        ({"sweep": (disc_map.Config(), disc_map.Config(column=1))}, "level 0"),
        ({"sweep": tuple(disc_map.Config(size=size) for size in range(1, ARMS + 2))}, "256 arms"),
        ({"estimands": (replace(LINE, levels=None),)}, "levels"),
        ({"estimands": (replace(LINE, levels=(1, 1)),)}, "below the last"),
        ({"estimands": (replace(LINE, levels=(2, 1)),)}, "below the last"),
        ({"estimands": (replace(LINE, levels=(1, 3)),)}, "level 2"),
        ({"estimands": (replace(LINE, levels=(-1, 2)),)}, "levels"),
    ],
)
def test_a_map_that_could_not_be_charted_is_refused(changes, fact):
    full = tuple(disc_map.Config(size=size) for size in range(1, ARMS + 1))
    assert replace(disc_map.experiment, sweep=full, estimands=(replace(LINE, levels=(0, 2)),)).map == disc_map.MAP
    with pytest.raises(ValueError, match=fact):
        replace(disc_map.experiment, **changes)
