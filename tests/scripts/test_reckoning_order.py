"""In which order the old claims are asked again."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path += [str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d")]

from reckoning.order import BLOCK, Wanted, in_order, until


def test_the_cheapest_claim_comes_first():
    many = {"a": {"1"}, "b": {"1", "2", "3"}, "c": set(), "d": {"4"}}
    costs = {"a": 2.0, "b": 5.0, "c": 0.1, "d": 60.0}
    found = in_order([SimpleNamespace(name=name, version=1, seconds=seconds) for name, seconds in costs.items()], many)
    assert [one.name for one in found] == ["b", "a", "d", "c"]  # 32 seeds of 5 s for three claims, of 2 s for one
    assert [one.seeds for one in found] == [32, 32, 8, 32]


@pytest.mark.parametrize(
    ("done", "seconds", "target"),
    [(0, 100.0, 8), (3, 100.0, 8), (8, 100.0, 16), (0, 4.0, 24), (0, 0.01, 32), (0, 0.0, 32), (24, 0.01, 32)],
)
def test_whole_blocks_are_computed_and_short_ones_together(done, seconds, target):
    one = Wanted(name="a", version=1, seconds=seconds, seeds=32, claims=1)
    assert until(one, done, seconds, cores=2)[0] == target
    assert BLOCK == 8
