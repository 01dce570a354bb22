"""What an experiment is, and what is refused before anything is built on it."""

import hashlib
from dataclasses import dataclass, replace

import disc_map
import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.domain.experiments import Control, Experiment, Figure, Needs, grid, seed_of
from axiom.domain.findings import Estimand, Kind, Prediction
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
    fields = {"kind": Kind.SLOPE, "measure": "loss", "across": "width", **changes}
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


def test_the_factors_are_the_fields_of_a_config():
    assert experiment().factors == {"width", "rate"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "Tiny"}, "must be 3 to 64"),
        ({"name": "ab"}, "must be 3 to 64"),
        ({"name": "a" * 65}, "must be 3 to 64"),
        ({"version": 0}, "must be 1 or more"),
        ({"sweep": ()}, "the sweep is empty"),
        ({"tolerance": 0.0}, "the tolerance 0.0 must lie between 0 and 1"),
        ({"tolerance": 1.0}, "the tolerance 1.0 must lie between 0 and 1"),
        ({"sweep": (Config(width=1), Config(width=1))}, "names the same config twice"),
        ({"measures": dict}, "measures must be a dataclass"),
        ({"estimands": (estimand(measure="accuracy"),)}, "wants measure 'accuracy'"),
        ({"estimands": (estimand(across="depth"),)}, "names unknown factors \\['depth'\\]"),
        (
            {"estimands": (estimand(across="", kind=Kind.CONTRAST, between=({"width": 1}, {"depth": 2})),)},
            "names unknown factors \\['depth'\\]",
        ),
        ({"needs": Needs(seconds=id, memory_mb=1, copies=0)}, "0 copies of each task, and it may be 1 to 5"),
        ({"needs": Needs(seconds=id, memory_mb=1, copies=6)}, "6 copies of each task, and it may be 1 to 5"),
        ({"ranges": {"depth": (1, 2)}}, "ranges name unknown factors \\['depth'\\]"),
    ],
)
def test_a_declaration_that_could_not_be_computed_or_weighed_is_refused(changes, problem):
    with pytest.raises((ValueError, TypeError), match=problem):
        experiment(**changes)


def test_estimands_between_two_arms_need_no_factor_across():
    assert experiment(estimands=(estimand(across="", between=({"width": 1}, {"width": 2})),)).estimands
    assert experiment(estimands=(estimand(across=""),), ranges={}).estimands


def test_a_seed_is_the_hash_of_name_version_and_number_and_never_changes():
    # This number is a promise: with another, no result of this laboratory could be computed again.
    assert seed_of("tiny_sum", 1, 0) == int(hashlib.sha256(b"axiom-seed-1|tiny_sum|1|0").hexdigest()[:16], 16) // 2


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


def control(**changes) -> Control:
    fields = {"estimand": "falls", "placebo": (Config(width=1),), "planted": (Config(width=2),), **changes}
    return Control(**fields)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimand": "rises"}, "the control of rises speaks of no estimand"),
        ({"placebo": ()}, "the control of falls must have configs like those of the sweep"),
        ({"planted": (Measures(loss=1.0),)}, "the control of falls must have configs like those of the sweep"),
        ({"planted": (Config(width=2), Config(width=2))}, "the control of falls names the same config twice"),
    ],
)
def test_a_control_that_controls_nothing_is_refused(changes, words):
    with pytest.raises(ValueError, match=words):
        experiment(controls=(control(**changes),))


def test_a_control_may_go_beyond_the_sweep():
    beyond = control(planted=(Config(width=2_000),))
    assert experiment(controls=(beyond,)).controls == (beyond,)


@pytest.mark.parametrize(
    ("where", "shown"), [({}, True), ({"width": 1}, True), ({"width": 2}, False), ({"depth": 1}, False)]
)
def test_a_figure_shows_the_cells_with_its_levels(where, shown):
    figure = Figure(x="rate", y="loss", title="Loss", where=where)
    assert figure.shows({"width": 1, "rate": 0.1}) is shown


# --- maps


def mapped(**changes: object) -> Experiment:
    return replace(disc_map.experiment, **changes)


def test_a_map_of_a_disc_is_declared():
    assert mapped().map == disc_map.MAP


@dataclass(frozen=True, kw_only=True)
class Nowhere:
    """A config that says no place."""

    size: float = 1.0


LINE, ROOM = disc_map.experiment.estimands


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"map": None}, "estimand line is a dimension, and there is no map"),
        ({"sweep": (Nowhere(),), "estimands": ()}, "a map needs the factors level, column, row"),
        ({"ranges": {"level": (0, 3)}}, "and no range of them"),
        ({"map": replace(disc_map.MAP, measure="colour")}, "the map shows measure 'colour': no such"),
        ({"sweep": (disc_map.Config(level=1),)}, "holds its tiles of level 0"),
        ({"sweep": (disc_map.Config(), disc_map.Config(column=1))}, "holds its tiles of level 0"),
        ({"sweep": tuple(disc_map.Config(size=each) for each in range(1, ARMS + 2))}, "256 arms at most"),
        ({"estimands": (replace(LINE, levels=None),)}, "must say the levels of its fit"),
        ({"estimands": (replace(LINE, levels=(1, 1)),)}, "the first below the last"),
        ({"estimands": (replace(LINE, levels=(2, 1)),)}, "the first below the last"),
        ({"estimands": (replace(LINE, levels=(1, 3)),)}, "both down to level 2"),
        ({"estimands": (replace(LINE, levels=(-1, 2)),)}, "must say the levels of its fit"),
    ],
)
def test_a_map_that_could_not_be_charted_is_refused_in_a_sentence(changes, words):
    with pytest.raises(ValueError, match=words):
        mapped(**changes)
