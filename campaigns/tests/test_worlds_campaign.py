"""The campaign of worlds: what it pools, when it is met, and that it goes on where it was stopped."""

import runpy
import time
from pathlib import Path

import kept_outcomes
import pytest

ROOT = Path(__file__).resolve().parents[2]
campaign = runpy.run_path(str(ROOT / "campaigns" / "campaign" / "worlds.py"))


def finding(**changes):
    sizes = {"effect": 0.8, "true": 0.8, "smallest": 0.2, "seeds": 64, "hosts": 9, "designs": 1}
    names = {"question": "planted_00", "disturbance": "none", "law": "normal", "status": "open", "why": ""}
    decided = {"verdict": "effect +", "grade": "Strong", "is_declared": True, "is_false": False, "is_everywhere": True}
    return sizes | names | decided | changes


def world(*findings, broken=(), seed=1):
    counts = {"results": 10, "replicates": {"planted_00": 5}, "sessions": 3, "wrong_hosts": 1}
    return {"seed": seed, "findings": list(findings), "broken": list(broken), **counts}


def test_the_figures_are_met_only_when_each_is():
    sound = [finding()] * 300
    missed = [finding(grade="Moderate")] * 40
    for findings, is_met in (
        (sound, True),
        (sound[1:], False),
        (sound + [finding(is_false=True)] * 4, False),
        (sound + missed, False),
        (sound + [finding(grade="Moderate", effect=0.4)] * 40, True),
    ):
        assert campaign["summary"]([world(*findings)])[1] is is_met
    assert not campaign["summary"]([world(*sound, broken=["I1 something"])])[1]


def test_an_effect_is_found_only_on_its_own_side_and_by_the_claim_that_was_published():
    assert campaign["is_found"](finding())
    assert campaign["is_found"](finding(effect=-0.8, verdict="effect −"))
    for other in ({"effect": -0.8}, {"verdict": "absent"}, {"grade": "Moderate"}):
        assert not campaign["is_found"](finding(**other))
    lines, _ = campaign["summary"]([world(finding(grade="Awaiting"), finding(is_declared=False))])
    assert any("and found: 0 of 1" in line for line in lines)


def test_every_false_and_every_missed_one_is_named_and_why():
    why = "evidence of 1,000 to 1 (90 so far); an explanation: 2 of 8 duplicates disagree (2 on linux-x86_64-avx2)"
    missed, false = finding(grade="Awaiting", why=why), finding(is_false=True, question="planted_07")
    lines, _ = campaign["summary"]([world(false, missed, seed=9)])
    assert "not found: 1: duplicates that disagree: 1" in lines
    assert any(line.startswith("false: world 9 planted_07") for line in lines)
    assert any(line.startswith("not found: world 9 planted_00") for line in lines)


@pytest.mark.parametrize(
    ("hits", "amount", "low", "high"), [(0, 300, 0.0, 0.0122), (3, 300, 0.0021, 0.0289), (300, 300, 0.9878, 1.0)]
)
def test_a_share_has_its_exact_interval(hits, amount, low, high):
    assert campaign["between"](hits, amount) == pytest.approx((low, high), abs=1e-4)


def lived(seed: int) -> dict[str, int]:
    return {"seed": seed, "process": time.monotonic_ns()}  # not its number, which another may have again


def test_it_goes_on_where_it_was_stopped_and_begins_anew_with_another_program(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_outcomes, "_digest", lambda: "now")
    monkeypatch.syspath_prepend(ROOT)  # whence its processes import this module
    file, parts = tmp_path / "build" / "worlds.jsonl", {f"world {seed}": (lived, (seed,)) for seed in (1, 2)}
    assert [made["seed"] for made in kept_outcomes.outcomes(file, 1, dict(list(parts.items())[:1]))] == [1]
    with file.open("a") as cut:
        cut.write('\n{"outcome": {"seed": 2')
    first, second = kept_outcomes.outcomes(file, 1, parts)
    assert first["seed"] == 1
    assert second["seed"] == 2
    assert first["process"] != second["process"]
    assert list(kept_outcomes.outcomes(file, 1, parts)) == [first, second]
    monkeypatch.setattr(kept_outcomes, "_digest", lambda: "another")
    assert first not in list(kept_outcomes.outcomes(file, 1, parts))
