"""A further design is asked of the published code itself, inside what its file declares."""

import json

import pytest

from axiom.decisions.followups.factor_levels import MOST_CONFIGS
from axiom.errors import ExperimentError, Refused
from axiom.lab.followups.price import points
from axiom.runner.direct import describe_files


def asked(prepared, configs, describe=describe_files):
    text = configs if isinstance(configs, str) else json.dumps(configs)
    return points(prepared.archive, prepared.manifest, text, describe)


def never(_tree, _modules):
    raise AssertionError("a child was started")


def test_the_code_says_what_each_config_needs(variant):
    found = asked(variant("dear_sum", seconds=50.0), [{"size": 1}, {"size": 9}])
    assert found == (({"size": 1}, 50.0), ({"size": 9}, 50.0))


@pytest.mark.parametrize(
    ("configs", "problem"),
    [
        ([{"size": 10}], "size=10 is outside 1 to 9"),
        ([{"size": "9"}], "size=9 is outside 1 to 9"),
        ([{"size": True}], "size=True is outside 1 to 9"),
        ([{"size": 1, "depth": 2}], "gives size, and nothing else"),
        ([{}], "gives size, and nothing else"),
        ([], f"from 1 to {MOST_CONFIGS} configs"),
        ([{"size": 1}] * (MOST_CONFIGS + 1), f"from 1 to {MOST_CONFIGS} configs"),
        ({"size": 1}, f"from 1 to {MOST_CONFIGS} configs"),
        ([{"size": [1]}], "a number, a truth or a word"),
        ("[{", "not a list in JSON"),
        ('[{"size": NaN}]', "not a list in JSON"),
        ("[" * 100_000, "not a list in JSON"),
    ],
)
def test_what_the_file_does_not_allow_is_refused_before_anything_is_started(prepared, configs, problem):
    with pytest.raises(Refused, match=problem):
        asked(prepared(), configs, describe=never)


@pytest.mark.parametrize("configs", [[{"size": 1}, {"size": 1}], [{"size": 1.5}]])
def test_what_the_code_itself_refuses_is_refused(prepared, configs):
    with pytest.raises(ExperimentError):
        asked(prepared(), configs)


def test_a_factor_without_a_range_keeps_to_the_declared_levels(prepared):
    made = prepared()
    manifest = made.manifest
    narrow = type(manifest)(**{**vars(manifest), "ranges": {}})
    with pytest.raises(Refused, match="declares no range"):
        points(made.archive, narrow, json.dumps([{"size": 3}]), never)
    assert len(points(made.archive, narrow, json.dumps([{"size": 2}]), describe_files)) == 1
