"""Whatever the old laboratory computed, as far as its logs tell, can be asked for here: it lies in a file's ranges."""

import make_golden
import pytest

# Of each experiment, the old settings: every number that a log has, as a list of configs.
OLD = {
    "activation_function_landscape": [{"activation": name} for name in ("sigmoid", "tanh", "softplus", "elu", "relu")],
    "compositional_generalization": [{"readout": "number", "width": width} for width in (32, 64, 128)],
    "curriculum_by_width_and_rate": [
        {"width": width, "lr": lr} for width in (32, 64, 128) for lr in (0.005, 0.01, 0.05)
    ],
    "depth_vs_width_tradeoff": [{"depth": depth} for depth in range(1, 17)],
    "feature_competition_dynamics": [{"width": width} for width in (32, 64, 128, 256)],
    "grokking_in_relu_networks": [
        {"modulus": 97, "steps": 50_000, "weight_decay": 0.0},
        {"modulus": 97, "hidden": 128, "lr": 0.001, "steps": 100_000},
        {"modulus": 53, "hidden": 128, "lr": 0.003, "weight_decay": 1.0, "steps": 300_000},
        {"modulus": 23, "hidden": 64, "lr": 0.001, "share": 0.3, "steps": 500_000},
    ],
    "lazy_vs_feature_learning": [
        {"width": width, "lr": 0.05, "epochs": 150} for width in (8, 16, 32, 64, 128, 256, 512)
    ],
    "loss_landscape_curvature": [{"lr": lr} for lr in (0.001, 0.1)],
    "memorization_dynamics": [{"share": share} for share in (0.0, 0.6)],
    "pruning_compositionality": [
        {"readout": "number", "width": width, "removed": removed}
        for width in (64, 128, 256)
        for removed in (0.0, 0.25, 0.5, 0.75)
    ],
    "rank_dynamics": [{"depth": depth, "lr": lr, "epochs": 400} for depth in (1, 2, 3) for lr in (0.005, 0.02, 0.1)],
    "regularized_compositionality": [
        {"width": width, "dropout": dropout, "decay": decay}
        for width in (32, 64, 128, 256)
        for dropout, decay in ((0.0, 0.0), (0.2, 0.0), (0.4, 0.0), (0.0, 0.01), (0.0, 0.05), (0.3, 0.01))
    ],
    "representation_alignment": [{"width": width} for width in (32, 64, 128, 256)],
    "reservoir_computing": [{"radius": radius} for radius in (1.0, 1.269)],
}


def outside(experiment, setting):
    """What of an old setting nobody could ask for: factors beyond their ranges, and words that no config has."""
    found = []
    for factor, level in setting.items():
        if factor in experiment.ranges:
            low, high = experiment.ranges[factor]
            found += [] if low <= level <= high else [f"{factor}={level}"]
        elif level not in {getattr(config, factor) for config in experiment.sweep}:
            found.append(f"{factor}={level}")
    return found


@pytest.mark.parametrize("name", sorted(OLD))
def test_what_the_old_laboratory_computed_can_be_asked_for(name):
    experiment = make_golden.load(name)
    assert [found for setting in OLD[name] if (found := outside(experiment, setting))] == []


def test_a_setting_beyond_a_range_is_seen():
    experiment = make_golden.load("grokking_in_relu_networks")
    assert outside(experiment, {"steps": 500_001, "modulus": 97}) == ["steps=500001"]
    assert outside(make_golden.load("pruning_compositionality"), {"readout": "colour"}) == ["readout=colour"]


def test_where_a_cell_tries_many_rates_or_radii_the_old_ones_lie_among_them():
    from axiom.catalogue import binder_crossing, edge_of_chaos_by_radius, learning_rate_cliff

    assert min(learning_rate_cliff.LADDER) < 0.791 < max(learning_rate_cliff.LADDER)
    assert min(edge_of_chaos_by_radius.RADII) < 1.0 < 1.269 < max(edge_of_chaos_by_radius.RADII)
    assert len(edge_of_chaos_by_radius.RADII) == 30
    assert min(binder_crossing.RATES) < 0.075 < max(binder_crossing.RATES)
