"""For what a claim holds, in words made from configs and source."""

import pytest

from axiom.web.views import scope

WIDTHS = [{"width": width, "act": "tanh", "lr": 0.05} for width in (256, 8, 16, 32, 64)]


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        (WIDTHS, "width 8 to 256 (5 levels); with act tanh, lr 0.05"),
        (WIDTHS[:2], "width 8 or 256; with act tanh, lr 0.05"),
        (WIDTHS[:1], "width 256, act tanh, lr 0.05"),
        ([{"kind": name} for name in ("sgd", "adam", "none", "lion", "muon")], "kind sgd, adam, none, lion or muon"),
        ([{"is_on": True, "n": 2}, {"is_on": False, "n": 2}], "is on true or false; with n 2"),
        ([{"lr": lr, "noise": lr} for lr in (0.001, 0.01)], "lr 0.001 or 0.01; noise 0.001 or 0.01"),
    ],
)
def test_what_varies_comes_first_and_then_what_was_held(configs, words):
    assert scope.in_words(configs) == words


@pytest.mark.parametrize(
    ("between", "kept"),
    [
        ([], [256, 8, 16, 32, 64]),
        ([{"width": 8}, {"width": 64}], [8, 64]),
        ([{"act": "tanh"}], [256, 8, 16, 32, 64]),
        ([{"act": "relu"}], []),
    ],
)
def test_a_claim_speaks_of_the_configs_of_its_arms_alone(between, kept):
    assert [config["width"] for config in scope.cells({"between": between}, WIDTHS)] == kept


SOURCE = """
from axiom.kit import chance, data, models as nets
from axiom.domain import data as other
TASKS = {"a": data.teacher, "b": data.clusters, "c": data.Task}
def run(config, seed):
    return nets.mlp(chance.stream(seed, "start"), data.teacher, other.teacher, config.data.linear)
"""


KIT = {
    "axiom/kit/data.py": b'def teacher():\n    """Labels of a teacher.\n\n    More.\n    """\n\ndef clusters(): pass\n'
}


def test_networks_and_data_are_those_that_the_source_uses_in_the_words_of_the_kit():
    assert scope.made_of(SOURCE, KIT) == [
        ("data.clusters", ""),
        ("data.teacher", "Labels of a teacher."),
        ("models.mlp", ""),
    ]
    assert scope.made_of("x = 1", KIT) == []


@pytest.mark.parametrize(
    ("configs", "is_crossed"),
    [
        (WIDTHS, True),
        ([{"a": a, "b": b} for a in (1, 2) for b in (1, 2)], True),
        ([{"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}], False),
        ([], True),
    ],
)
def test_levels_factor_by_factor_may_be_more_than_was_asked(configs, is_crossed):
    assert scope.is_crossed(configs) is is_crossed
