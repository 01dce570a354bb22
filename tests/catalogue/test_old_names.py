"""Whoever knows an experiment by its name in the old laboratory's logs finds it here."""

import re
from pathlib import Path

import pytest

import axiom.catalogue
from axiom.commands.context import find, gathered
from axiom.errors import UnknownName
from axiom.lab.registrations.old_claims import LIST, read
from axiom.store.experiments import old_names

CATALOGUE = Path(axiom.catalogue.__file__).parent
FILES = gathered(CATALOGUE)
WRITTEN = {file.stem for file in FILES}
KNOWN = old_names.everything(CATALOGUE)
# Every script name in the five logs, version by version, typed from them a second time.
LOGGED = re.findall(
    r"\w+",
    """
activation_function_landscape activation_fn_landscape loss_landscape_curvature loss_curvature grokking_dynamics
grokking_dynamics_v2 grokking_dynamics_v3 grokking_dynamics_v4 batch_size_critical_phenomena batch_size_critical
batch_critical cellular_automata cellular_automata_v2 critical_learning_periods depth_vs_width_tradeoff double_descent
double_descent_v2 edge_of_chaos edge_of_chaos_v2 eigenspectrum_dynamics emergent_abilities gradient_descent_landscapes
gradient_descent_loss_landscapes gradient_noise_scale information_bottleneck information_bottleneck_deep
info_bottleneck_deep learning_rate_phase_transitions lr_phase_transitions lottery_ticket lottery_ticket_v2
mode_connectivity mode_connectivity_v2 neural_network_pruning_lottery neural_pruning_lottery neural_scaling_laws
optimizer_comparison power_law_forgetting power_law_forgetting_v2 random_label_memorization reservoir_computing
reservoir reservoir_extended reservoir_computing_extended symmetry_breaking_dynamics weight_init_landscape weight_init
benford_law test_deploy learning_rate_warmup_dynamics weight_decay_phase_diagram pruning_at_initialization sam_vs_sgd
sam_vs_sgd_v2 samsgdv2 catapult_phase catapult progressive_sharpening feature_learning_phase featlearn simplicity_bias
rank_dynamics spectral_dynamics spectral_v2 neural_thermodynamics neural_thermodynamics_v2 thermov2
lazy_vs_feature_learning lazyfeat memorization_dynamics memdyn memorization_dynamics_v2 memdynv2
representation_alignment representation_alignment_v2 repalignv2 feature_competition_dynamics featcomp
feature_competition_dynamics_v2 featcompv2 micro_scaling_laws micro_scaling_laws_v2 microscalev2
curriculum_learning_dynamics curriculum compositional_generalization compgen feature_rank_dynamics featrank
neuron_specialization neuronspec pruning_compositionality prunecomp regularized_compositionality regcomp
batch_size cellular_auto gradient_noise info_bottleneck rep_alignment
spectral_gpu memdynv2_gpu featcompv2_gpu compgen_gpu featrank_gpu neuronspec_gpu
""",
)


def test_the_list_has_every_name_of_the_logs():
    assert sorted(LOGGED) == sorted(set(LOGGED))
    assert set(KNOWN) == set(LOGGED)


@pytest.mark.parametrize("name", LOGGED)
def test_an_old_name_finds_its_experiment_and_says_what_became_of_it(name):
    old = KNOWN[name]
    assert old.became[0].islower()
    assert not old.became.endswith(".")
    assert find(FILES, name).stem == (name if name in WRITTEN else old.experiment)


def test_scripts_of_old_claims_are_names_of_the_list():
    listed = read(CATALOGUE / LIST).claims
    assert {script for claim in listed for script in claim.scripts} <= set(KNOWN)
    assert {claim.experiment for claim in listed} <= {old.experiment for old in KNOWN.values()}


def test_an_experiment_has_its_own_name_first():
    assert [one.name for one in old_names.of_experiment(CATALOGUE, "lottery_ticket")] == [
        "lottery_ticket",
        "lottery_ticket_v2",
    ]
    assert old_names.of_experiment(CATALOGUE, "tiny_sum") == []


def test_a_misspelt_old_name_is_corrected():
    with pytest.raises(UnknownName, match="Did you mean memdynv2"):
        find(FILES, "memdinv2")


def test_a_catalogue_without_a_list_knows_no_old_names(tmp_path):
    (tmp_path / "tiny_sum.py").write_text("")
    assert old_names.everything(tmp_path) == {}
    with pytest.raises(UnknownName, match="tiny_sum"):
        find([tmp_path / "tiny_sum.py"], "compgen")
