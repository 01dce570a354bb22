"""The lists of what the old laboratory claimed, called its scripts and computed say of our experiments what is so."""

from pathlib import Path

import make_golden
import pytest

import axiom_catalogue
from axiom.domain.links import LinkKind
from axiom.errors import UnknownName
from axiom.laboratory.experiments.catalogue_files import find_experiment_file, gather_files
from axiom.laboratory.experiments.old_claims import LIST, read_old_claims
from axiom.store.experiments import old_names
from axiom_catalogue import binder_crossing, edge_of_chaos_by_radius, learning_rate_cliff
from axiom_weigh.values import Verdict

CATALOGUE = Path(axiom_catalogue.__file__).parent
FILES = gather_files(CATALOGUE)
WRITTEN = {file.stem for file in FILES}
LISTED = read_old_claims(CATALOGUE / LIST)
NAMES = [claim.name for claim in LISTED.claims]
SCRIPTS = old_names.read_old_names(CATALOGUE)
# Of each experiment, the settings of which a log of the old laboratory has a number, as levels of each factor.
COMPUTED = {
    "activation_function_landscape": [{"activation": ("sigmoid", "tanh", "softplus", "elu", "relu")}],
    "compositional_generalization": [{"readout": ("number",), "width": (32, 64, 128)}],
    "curriculum_by_width_and_rate": [{"width": (32, 64, 128), "lr": (0.005, 0.01, 0.05)}],
    "depth_vs_width_tradeoff": [{"depth": range(1, 17)}],
    "feature_competition_dynamics": [{"width": (32, 64, 128, 256)}],
    "grokking_in_relu_networks": [
        {"modulus": (97,), "steps": (50_000,), "weight_decay": (0.0,)},
        {"modulus": (97,), "hidden": (128,), "lr": (0.001,), "steps": (100_000,)},
        {"modulus": (53,), "hidden": (128,), "lr": (0.003,), "weight_decay": (1.0,), "steps": (300_000,)},
        {"modulus": (23,), "hidden": (64,), "lr": (0.001,), "share": (0.3,), "steps": (500_000,)},
    ],
    "lazy_vs_feature_learning": [{"width": (8, 16, 32, 64, 128, 256, 512), "lr": (0.05,), "epochs": (150,)}],
    "loss_landscape_curvature": [{"lr": (0.001, 0.1)}],
    "memorization_dynamics": [{"share": (0.0, 0.6)}],
    "pruning_compositionality": [{"readout": ("number",), "width": (64, 128, 256), "removed": (0.0, 0.25, 0.5, 0.75)}],
    "rank_dynamics": [{"depth": (1, 2, 3), "lr": (0.005, 0.02, 0.1), "epochs": (400,)}],
    "regularized_compositionality": [
        {"width": (32, 64, 128, 256), "dropout": (0.0, 0.2, 0.3, 0.4), "decay": (0.0, 0.01, 0.05)}
    ],
    "representation_alignment": [{"width": (32, 64, 128, 256)}],
    "reservoir_computing": [{"radius": (1.0, 1.269)}],
}


def test_every_claim_has_its_own_name_and_rests_on_something():
    assert len(NAMES) == len(set(NAMES)) >= 50
    assert {"#27", "#28", "#31", "#32", "#34", "#35"} <= set(NAMES)
    for claim in LISTED.claims:
        assert claim.source in {"S1", "S2", "S3", "S4", "S5"}, claim.name
        assert claim.rests_on, claim.name
        assert claim.status, claim.name
        assert set(claim.scripts) <= set(SCRIPTS), claim.name
    assert {claim.experiment for claim in LISTED.claims} <= {script.experiment for script in SCRIPTS.values()}


def test_every_asking_can_hold_and_fail_and_asks_an_estimand_that_exists():
    decided = {Verdict.POSITIVE, Verdict.NEGATIVE, Verdict.ABSENT}
    for claim in LISTED.claims:
        pairs = [(asking.experiment, asking.estimand) for asking in claim.askings]
        assert len(pairs) == len(set(pairs)), claim.name
        for asking in claim.askings:
            assert asking.experiment in WRITTEN
            estimands = make_golden.load(asking.experiment).estimands
            assert asking.estimand in {estimand.name for estimand in estimands}, claim.name
            if asking.kind is LinkKind.TESTS:
                assert set() < set(asking.upheld_by) < decided, claim.name
            else:
                assert set(asking.upheld_by) == set()
                assert set(asking.overturned_by) < decided, claim.name


def test_links_of_the_logs_lead_from_claim_to_claim():
    links = {(link.source, link.kind, link.target) for link in LISTED.links}
    assert {end for source, _, target in links for end in (source, target)} <= set(NAMES)
    assert ("#32", LinkKind.EXPLAINS, "#31") in links
    assert ("#34", LinkKind.RULES_OUT, "redundancy") in links
    assert ("#35", LinkKind.TESTS, "training_dynamics") in links


def test_an_old_name_finds_its_experiment_and_a_misspelt_one_is_corrected():
    assert len(SCRIPTS) == 106  # script names in the five logs
    for name, script in SCRIPTS.items():
        assert script.became
        assert find_experiment_file(FILES, name).stem == (name if name in WRITTEN else script.experiment)
    own = old_names.list_old_names(CATALOGUE, "lottery_ticket")
    assert [script.name for script in own] == ["lottery_ticket", "lottery_ticket_v2"]
    assert old_names.list_old_names(CATALOGUE, "tiny_sum") == []
    with pytest.raises(UnknownName, match="memdynv2"):
        find_experiment_file(FILES, "memdinv2")


def test_a_catalogue_without_lists_has_no_claims_and_no_old_names(tmp_path):
    (tmp_path / "tiny_sum.py").write_text("")
    assert read_old_claims(tmp_path / LIST).claims == ()
    assert old_names.read_old_names(tmp_path) == {}
    with pytest.raises(UnknownName):
        find_experiment_file([tmp_path / "tiny_sum.py"], "compgen")


@pytest.mark.parametrize("name", COMPUTED)
def test_what_the_old_laboratory_computed_can_be_asked_for(name):
    experiment = make_golden.load(name)
    for setting in COMPUTED[name]:
        for factor, levels in setting.items():
            if factor in experiment.ranges:
                low, high = experiment.ranges[factor]
                assert low <= min(levels) <= max(levels) <= high, factor
            else:
                assert set(levels) <= {getattr(config, factor) for config in experiment.sweep}, factor


def test_where_a_cell_tries_many_rates_or_radii_the_old_ones_lie_among_them():
    assert min(learning_rate_cliff.LADDER) < 0.791 < max(learning_rate_cliff.LADDER)
    assert min(edge_of_chaos_by_radius.RADII) < 1.0 < 1.269 < max(edge_of_chaos_by_radius.RADII)
    assert min(binder_crossing.RATES) < 0.075 < max(binder_crossing.RATES)
