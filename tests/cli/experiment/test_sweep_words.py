"""Sweeps as words of a command line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.cli.experiment.sweep_words import configs
from axiom.domain.declaration import Measure, ValueType
from axiom.errors import UnknownName, WrongUse
from axiom.signed.manifests import Manifest

MANIFEST = Manifest(
    name="tiny_sum",
    aliases=(),
    version=1,
    question="?",
    reference="",
    configs=(
        {"width": 8, "rate": 0.1, "bias": False, "data": "digits"},
        {"width": 16, "rate": 0.1, "bias": False, "data": "digits"},
    ),
    factors={"width": ValueType.INT, "rate": ValueType.FLOAT, "bias": ValueType.BOOL, "data": ValueType.TEXT},
    ranges={"width": (1, 1_000)},
    measures=(Measure("loss", ValueType.FLOAT, nullable=False),),
    estimands=(),
    figure=None,
    cell_seconds=(1.0, 1.0),
    memory_mb=100,
    avx=False,
)


def levels(word: str) -> list:
    name = word.partition("=")[0]
    return list(dict.fromkeys(config[name] for config in configs(MANIFEST, [word])))


def test_without_words_the_declared_sweep_is_meant():
    assert configs(MANIFEST, []) == MANIFEST.configs


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("width=8", [8]),
        ("width=4,2,4", [4, 2]),
        ("width=8:64:x2", [8, 16, 32, 64]),
        ("width=8:65:x2", [8, 16, 32, 64]),
        ("width=1:7:2", [1, 3, 5, 7]),
        ("width=5:5:1", [5]),
        ("rate=0.1,1e-3", [0.1, 0.001]),
        ("rate=0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("rate=0:1:0.25", [0.0, 0.25, 0.5, 0.75, 1.0]),
        ("rate=0.001:1:x10", [0.001, 0.01, 0.1, 1.0]),
        ("rate=-1:1:1", [-1.0, 0.0, 1.0]),
        ("bias=true,false", [True, False]),
        ("data=digits,a:b", ["digits", "a:b"]),
        ("data=a=b", ["a=b"]),
    ],
)
def test_a_factor_takes_these_levels(word, meant):
    taken = levels(word)
    assert taken == meant
    assert {type(value) for value in taken} == {type(meant[0])}


def test_words_replace_their_factors_and_leave_the_others_as_declared():
    sweep = configs(MANIFEST, ["rate=0.1,0.2", "bias=true"])
    assert [(config["width"], config["rate"], config["bias"]) for config in sweep] == [
        *((8, 0.1, True), (8, 0.2, True), (16, 0.1, True), (16, 0.2, True))
    ]
    assert len(configs(MANIFEST, ["width=8", "rate=0.2"])) == 1
    assert list(sweep[0]) == list(MANIFEST.factors)


@pytest.mark.parametrize(
    "words",
    [
        *(["width"], ["width="], ["width=wide"], ["width=1.5"], ["rate=fast"], ["rate=nan"], ["rate=inf"]),
        *(["rate=0:inf:1"], ["rate=0:nan:1"], ["bias=yes"], ["width=1:2"], ["width=1:2:3:4"], ["width=1:9:x1"]),
        *(["width=0:9:x2"], ["width=1:9:0"], ["width=1:9:-1"], ["width=9:1:1"], ["width=1001"], ["width=0"]),
        *(["width=1:1001:500", "rate=1"], ["rate=0:20000:1"], ["width=1:1000:1", "rate=0:10:1"]),
        ["rate=0:20000:1", "data=" + ",".join(map(str, range(9_000)))],
        *(["seed=0..7"], ["seeds=1,2"], ["replicates=8"]),
    ],
)
def test_words_that_mean_nothing_are_refused(words):
    with pytest.raises(WrongUse, match=f"{words[0].partition('=')[0]}|10000"):
        configs(MANIFEST, words)


def test_ends_of_what_is_allowed_are_taken_and_another_name_is_refused_with_the_nearest():
    assert levels("width=1,1000") == [1, 1000]
    assert len(configs(MANIFEST, ["width=1:1000:1", "rate=1:10:1"])) == 10_000
    with pytest.raises(UnknownName, match="width"):
        configs(MANIFEST, ["widht=8"])


@settings(max_examples=40)
@given(first=st.integers(1, 99), count=st.integers(1, 30), tenths=st.integers(1, 9))
def test_a_range_of_tenths_holds_both_of_its_ends(first, count, tenths):
    last = first + count * tenths / 10
    taken = levels(f"rate={first}:{last:.1f}:0.{tenths}")
    assert len(taken) == count + 1
    assert (taken[0], taken[-1]) == (first, round(last, 1))
