"""Every experiment finds the effect that was planted in what it computes with, and none in its placebo.

And every claim says on which side of its null the number lies when it holds.
"""

from dataclasses import asdict

import make_golden
import pytest

from axiom.decisions.controls import SEEDS, found, spared
from axiom.domain.declaration import declare
from axiom.domain.experiments import seed_of
from axiom.statistics.estimands import value

NAMES = [name for name in make_golden.names() if make_golden.load(name).estimands]
CONTROLS = [(name, control) for name in NAMES for control in make_golden.load(name).controls]


def over_seeds(name, control, sweep):
    """The estimand's value in each of eight replicates of this sweep."""
    experiment = make_golden.load(name)
    declared = {each["name"]: each for each in declare(experiment, avx=False)["estimands"]}[control.estimand]
    values = []
    for replicate in range(SEEDS):
        seed = seed_of(name, experiment.version, replicate)
        cells = [(asdict(config), asdict(make_golden.compute(experiment, config, seed)[0])) for config in sweep]
        values.append(value(declared, cells)[0])
    return declared, values


@pytest.mark.parametrize("name", NAMES)
def test_every_experiment_that_concludes_something_has_a_control(name):
    assert make_golden.load(name).controls


@pytest.mark.parametrize(("name", "control"), CONTROLS, ids=[f"{name}-{each.estimand}" for name, each in CONTROLS])
def test_what_was_planted_is_found_and_a_placebo_is_not(name, control):
    planted, placebo = (
        found(*over_seeds(name, control, control.planted)),
        spared(*over_seeds(name, control, control.placebo)),
    )
    assert planted.is_found, planted.reason
    assert placebo.is_spared, placebo.reason


# Claims that hold when the number is below its null.
BELOW = {
    "activation_function_landscape": {"sigmoid_minus_relu_on_exclusive_or"},
    "catapult_phase": {"flatter_after_a_catapult", "stable_after_a_catapult"},
    "compositional_generalization": {"xor_wide_minus_narrow"},
    "critical_data_fraction": {"share_falls", "patience"},
    "critical_learning_periods": {
        "early_blur_leaves_a_mark",
        "early_blur_minus_late",
        "early_order_minus_late",
    },
    "depth_vs_width_tradeoff": {"plain_on_clusters", "plain_on_teacher", "tuned_on_teacher"},
    "double_descent": {"second_descent", "no_peak_with_a_ridge"},
    "edge_of_chaos": {"onset_falls_with_size"},
    "feature_competition_dynamics": {"weak_beside_strong_minus_alone", "stopped_weak_beside_strong_minus_alone"},
    "gradient_noise_scale": {"scale_on_goal", "critical_batch_on_goal"},
    "feature_learning_phase": {
        "kernel_on_alpha",
        "rich_minus_lazy_on_product",
        "rich_minus_lazy_at_best",
        "rich_minus_lazy_on_linear",
    },
    "feature_rank_dynamics": {
        "share_by_width",
        "stable_share_by_width",
        "start_share_by_width",
        "kept_by_width",
        "matched_share_by_width",
    },
    "grokking_dynamics": {"too_few"},
    "lazy_vs_feature_learning": {
        "movement_slope",
        "ntk_first_slope",
        "ntk_middle_slope",
        "ntk_last_slope",
        "alpha_slope",
    },
    "learning_rate_phase_transitions": {"relu_survives_eight"},
    "learning_rate_warmup_dynamics": {"keeps_the_curvature_low"},
    "loss_landscape_curvature": {
        "trace_slope_squared_error",
        "trace_slope_same_time",
        "trace_slope_cross_entropy",
        "trace_slope_same_epochs",
        "below_the_edge",
    },
    "lottery_ticket": {"loses_at_the_old_sparsity"},
    "memorization_dynamics": {"accuracy_on_share"},
    "micro_scaling_laws": {
        "loss_by_items",
        "teachers_width_minus_a_quarter",
        "joint_law_leaves_little",
        "spread_by_items",
    },
    "mode_connectivity": {"matched_with_width", "unmatched_with_width", "matched_train_accuracy_with_width"},
    "neural_scaling_laws": {"fresh_leave_a_close_fit", "exponent_on_inputs"},
    "neural_thermodynamics": {"heats_where_little_fits"},
    "neural_network_pruning_lottery": {"part_minus_trained", "part_minus_matched"},
    "power_law_forgetting": {"strength_slope"},
    "progressive_sharpening": {"sharpness_slope"},
    "pruning_compositionality": {"number_pruned_minus_whole"},
    "representation_alignment": {"gain_with_width"},
    "reservoir_computing": {
        "memory_below_proportion",
        "narma_slope",
        "mackey_glass_slope",
        "memory_beyond_the_edge",
    },
    "sam_vs_sgd": {"sharpness_on_radius"},
    "starvation_under_dropout": {"beside_strong_minus_alone"},
    "simplicity_bias": {"slabs_beside_a_cut", "slabs_for_a_cut"},
    "spectral_dynamics": {"time_exponent"},
    "symmetry_breaking_dynamics": {"batches_minus_all"},
    "weight_decay_phase_diagram": {"wait_on_decay", "steeper_than_inverse", "without_decay"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_says_on_which_side_its_number_lies(name):
    below = {each.name for each in make_golden.load(name).estimands if each.expects == "-"}
    assert below == BELOW.get(name, set())
