"""Numbers that changed under an unchanged version are seen, and no golden file hides them."""

import json

import make_golden
import pytest

from axiom.domain.declaration import pack_pixels

OLD = {"version": 3, "measures": {"slope": -0.8, "curve": [1.0, 0.5], "reached": None}, "early": [1.6, 1.5]}


def pixels(*first):
    return {"pixels": pack_pixels(bytes([*first, *([0] * (400 - len(first)))]))}


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        ({}, ""),
        ({"early": [1.6 * (1 + 1e-5), 1.5]}, ""),  # another processor
        ({"early": [1.6, 1.49]}, "early"),
        ({"measures": OLD["measures"] | {"slope": -0.79}}, "measures.slope"),
        ({"measures": OLD["measures"] | {"curve": [1.0]}}, "measures.curve"),
        ({"measures": OLD["measures"] | {"reached": 4.0}}, "measures.reached"),
        ({"measures": OLD["measures"] | {"new": 1.0}}, "measures.new"),
        ({"measures": {"slope": -0.8}}, "version to 4"),
        ({"version": 4}, "make_golden.py sums"),
        ({"version": 2}, "from version 3 to 2"),
    ],
)
def test_changed_numbers_need_another_version(change, fact):
    complaint = make_golden.complaint("sums", OLD, OLD | change)
    assert fact in complaint
    assert bool(complaint) == bool(fact)


def test_a_grid_may_differ_in_a_few_pixels_and_no_more():
    assert make_golden.agree(pixels(), pixels(*[1] * 8))
    assert not make_golden.agree(pixels(), pixels(*[1] * 9))
    assert not make_golden.agree(pixels(), {"pixels": pack_pixels(bytes(399))})


def test_a_golden_file_is_not_overwritten_where_that_would_hide_a_change(tmp_path):
    path = tmp_path / "test_deploy.json"
    make_golden.make("test_deploy", {"points": 100_000}, tmp_path)
    true = path.read_text(encoding="utf-8")
    make_golden.make("test_deploy", {}, tmp_path)  # nothing changed: the same file, with the config that it has
    assert path.read_text(encoding="utf-8") == true

    forged = json.loads(true)
    forged["measures"]["share"] += 0.01
    path.write_text(json.dumps(forged), encoding="utf-8")
    with pytest.raises(SystemExit):
        make_golden.make("test_deploy", {}, tmp_path)
    assert json.loads(path.read_text(encoding="utf-8")) == forged

    forged["version"] = 0  # an older version's numbers give way to the new one's
    path.write_text(json.dumps(forged), encoding="utf-8")
    make_golden.make("test_deploy", {}, tmp_path)
    assert path.read_text(encoding="utf-8") == true
