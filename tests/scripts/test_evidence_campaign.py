"""The campaign of evidence: its arithmetic is the library's, and a figure that is missed is told."""

import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path += [str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d")]

from simulated import biases, hardships, processes
from simulated.drawn import draw
from simulated.figures import QUICK, Answer, Held, below
from simulated.laws import LAWS

from axiom.domain.findings import Verdict

campaign = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d" / "evidence.py"))


def test_every_figure_holds_also_in_small(capsys):
    assert campaign["main"](["--quick"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n{part} (seed " in said for part in campaign["PARTS"])
    assert "MISSED" not in said


def test_a_figure_that_is_missed_is_told(capsys):
    part = lambda seed, size: Answer(lines=[], held=[Held(words="more than that", holds=False)])  # noqa: E731, ARG005
    assert campaign["shown"]("a part", part, 1, campaign["QUICK"], draw=False) == ["more than that"]
    assert "MISSED more than that" in capsys.readouterr().out
    assert not below("errors", 0.09, 0.05, 1_000).holds
    assert below("errors", 0.06, 0.05, 1_000).holds


def test_a_part_that_does_not_exist_is_refused(capsys):
    with pytest.raises(SystemExit):
        campaign["main"](["peaking"])
    assert "there is no part peaking" in capsys.readouterr().err


def test_it_sees_when_claims_that_are_not_shown_make_others_stand(monkeypatch):
    def of_all_e_values(claims):
        stood = biases_own([replace(one, verdict=Verdict.POSITIVE) for one in claims])
        return {one.number: stood[one.number] if one.verdict is not Verdict.UNDECIDED else None for one in claims}

    biases_own, size = biases.false_shares, replace(QUICK, laboratories=30)
    assert all(one.holds for one in biases.laboratory(20_261_124, size).held)
    monkeypatch.setattr(biases, "false_shares", of_all_e_values)
    missed = [one.words for one in biases.laboratory(20_261_124, size).held if not one.holds]
    assert any("150 too small; effects by e-BH at 5 %, as the site shows them" in words for words in missed)


def test_it_sees_when_what_is_lost_is_left_out(monkeypatch):
    case, whole, size = "missing for their sign", hardships.observed, replace(QUICK, nulls=40)
    monkeypatch.setattr(hardships, "_CASES", {case: hardships._CASES[case]})
    monkeypatch.setattr(hardships, "_LOST", 0.6)
    assert all(one.holds for one in hardships.hardships(1, size).held)
    monkeypatch.setattr(
        hardships, "observed", lambda *given, **said: [one for one in whole(*given, **said) if one.value is not None]
    )
    assert not all(one.holds for one in hardships.hardships(1, size).held)


@pytest.mark.parametrize("law", LAWS)
def test_the_processes_of_the_campaign_are_the_library_s(law):
    assert processes.compared(LAWS[law].draw(np.random.default_rng(1), (3, 60))) < 1e-9


@pytest.mark.parametrize("name", LAWS)
def test_a_law_has_the_mean_and_median_that_it_is_said_to_have(name):
    law = LAWS[name]
    drawn = law.draw(np.random.default_rng(2), (400_000,))
    assert drawn.mean() == pytest.approx(law.mean, abs=4 * drawn.std() / 400_000**0.5)
    assert np.mean(drawn < law.median) <= 0.5 + 0.003
    assert np.mean(drawn > law.median) <= 0.5 + 0.003
    if law.bounds:
        assert law.bounds[0] <= drawn.min() <= drawn.max() <= law.bounds[1]


def test_pictures_are_drawn_of_what_was_found(tmp_path):
    rows = [{"looks": look, "share": 0.1 * look, "reader": name} for look in (1, 2, 4) for name in ("peeking", "flip")]
    (path,) = draw({"peeking": rows}, tmp_path)
    assert path.name == "peeking.svg"
    assert path.read_text().startswith("<svg")
    assert ">flip<" in path.read_text()
