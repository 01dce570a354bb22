"""What a manifest says of a map, there and back, and every map that it must not say."""

import json

import disc_map
import pytest

from axiom.domain.declaration import ValueType, declare
from axiom.domain.maps import DEEPEST
from axiom.errors import ExperimentError
from axiom.signed.canonical_json import canonical
from axiom.signed.manifests import read_manifest


@pytest.fixture
def data():
    return json.loads(canonical(declare(disc_map.experiment, avx=False)))


def test_a_manifest_says_the_whole_map(data):
    manifest = read_manifest(canonical(data))
    assert manifest.map == disc_map.MAP
    assert manifest.measures[0].type is ValueType.GRID
    assert manifest.estimands[0]["levels"] == [1, 2]
    assert canonical(manifest.as_data()) == canonical(data)


def test_a_manifest_without_a_map_says_nothing_of_one(data):
    del data["map"]
    data["measures"] = data["measures"][1:]
    manifest = read_manifest(canonical(data))
    assert manifest.map is None
    assert "map" not in manifest.as_data()
    assert canonical(manifest.as_data()) == canonical(data)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.update(map=None), "the measures hold the grids .'inside'., and a map shows just one"),
        (lambda d: d["map"].update(measure="share"), "the measures hold the grids"),
        (lambda d: d["measures"].append(["more", "grid", False]), "the measures hold the grids"),
        (lambda d: d["configs"][0].update(level=1), "holds its tiles of level 0"),
        (lambda d: d["configs"][1].update(column=1), "holds its tiles of level 0"),
        (lambda d: [d["factors"].pop("row"), [one.pop("row") for one in d["configs"]]], "holds its tiles of level 0"),
        (lambda d: d["map"].pop("title"), "map lacks the field 'title'"),
        (lambda d: d["map"].update(tile="x"), "map has an unknown field 'tile'"),
        (lambda d: d["map"].update(x=3), "x is not an object"),
        (lambda d: d["map"]["x"].update(low=1.0), "must begin below its end"),
        (lambda d: d["map"]["y"].update(low=2.0), "must begin below its end"),
        (lambda d: d["map"]["x"].update(log=True), "must begin above 0"),
        (lambda d: d["map"]["x"].update(low="x"), "low is not a finite number"),
        (lambda d: d["map"]["x"].pop("log"), "map: x lacks the field 'log'"),
        (lambda d: d["map"].update(bands=[]), "two bands at least|bands is empty"),
        (lambda d: d["map"]["bands"][0].update(shades=0), "each band needs a shade"),
        (lambda d: d["map"]["bands"][0].update(shades=99), "64 at most"),
        (lambda d: d["map"]["bands"][0].update(shades=1.5), "shades is not a whole number"),
        (lambda d: d["map"]["bands"][0].update(colour="red"), "unknown field 'colour'"),
        (lambda d: d["map"].update(pixels=7), "a multiple of 4"),
        (lambda d: d["map"].update(pixels=512), "4 to 256 pixels"),
        (lambda d: d["map"].update(charted=9), "deeper than the deepest level"),
        (lambda d: d["map"].update(deepest=DEEPEST + 1), f"deeper than {DEEPEST}"),
        (lambda d: d["estimands"][0].update(levels=[1]), "levels must be two levels"),
        (lambda d: d["estimands"][0].update(levels="12"), "levels must be two levels"),
        (lambda d: d["estimands"][0].update(levels=[-1, 2]), "levels"),
        (lambda d: d["estimands"][0].update(levels=[1, 2.5]), "levels"),
    ],
)
def test_a_map_that_is_off_is_refused_with_what_is_wrong(change, words, data):
    change(data)
    with pytest.raises(ExperimentError, match=words):
        read_manifest(canonical(data))
