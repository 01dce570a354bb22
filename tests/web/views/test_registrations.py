"""Registrations, forecasters and what was computed again, as pages and JSON show them."""

import pytest

from axiom.decisions.findings.predictions import score
from axiom.domain.findings import Agreements, Verdict
from axiom.domain.registrations import Stopping
from axiom.lab.experiments.recall import recall
from axiom.lab.registrations.predictions import foretell
from axiom.lab.registrations.register import amend, register_further
from axiom.store.evidence import duplicates
from axiom.store.experiments import experiments
from axiom.store.registrations import scores

SAID = {"positive": 0.8, "negative": 0.1, "absent": 0.1, "interval": [-1.0, 1.0], "because": "a <b>test</b>"}
WIDE = [({"size": size, "shift": shift}, 1.0 + shift / 3) for shift in (0, 9) for size in (1, 2)]


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum, predicted by Ada, with a further design and an amendment of the first."""
    small_lab.publish(prepared(has_shift=True))
    foretell(small_lab.db, 1, SAID, "Ada", small_lab.now)
    version = experiments.by_id(small_lab.db, 1)
    register_further(small_lab.db, version, "wide", WIDE, stopping=Stopping(), why="further out", now=small_lab.now)
    amend(small_lab.db, 1, {"null": 0.5}, prediction=SAID, forecaster="Ada", why="it looked so", now=small_lab.now)
    return small_lab


@pytest.fixture
def site(lab, browse):
    return browse(lab)


def test_the_list_tells_designs_amendments_and_their_findings(site):
    newest, wide, first = site.get("/registrations.json").json["registrations"]
    assert (newest["number"], newest["amends"], newest["why"]) == (3, 1, "it looked so")
    assert newest["estimands"] == [{"estimand": "grows_2", "finding": 2, "is_new": True}]
    assert (wide["design"], wide["cells"], wide["estimands"][0]["is_new"]) == ("wide", 4, False)
    assert first["stopping"].startswith("ends when each finding is decided")
    page = site.get("/registrations")
    assert page.status == 200
    assert 'href="/registrations/3"' in page.text


def test_one_has_its_place_in_the_chain_and_what_was_predicted(site):
    first = site.get("/registrations/1.json").json["registration"]
    assert [said["forecaster"] for said in first["predictions"]] == ["catalogue, informed", "autopilot", "Ada"]
    assert site.get("/registrations/2.json").json["registration"]["previous_hash"] == first["hash"]
    assert "&lt;b&gt;test" in site.get("/registrations/1").text
    assert "amends" in site.get("/registrations/3").text
    assert site.get("/registrations/9").status == 404


def test_one_says_how_large_its_blocks_are_and_why(site):
    first = site.get("/registrations/1.json").json["registration"]
    assert (first["block"], first["block_why"][:29]) == (8, "the laboratory computes alone")
    assert (
        "8&nbsp;replicates are a block and enter evidence together: the laboratory" in site.get("/registrations/1").text
    )
    assert "together: as in registration 1, the first of this version." in site.get("/registrations/2").text


def test_one_says_how_far_each_block_is_and_what_it_took(small_lab, prepared, browse):
    small_lab.publish(prepared())
    small_lab.host(cores=16)
    small_lab.deploy(workunits=10, max_failures=1)
    orders = [small_lab.order(1) for _ in range(9)]
    for order in orders[:7]:
        small_lab.report(order, small_lab.output(order))
    small_lab.report(orders[7], None, exit_status=10)
    small_lab.validate()
    reader = browse(small_lab)
    first, second = reader.get("/registrations/1.json").json["registration"]["blocks"]
    names = ("first", "last", "done", "out", "missing", "is_closed")
    assert [[block[name] for name in names] for block in (first, second)] == [
        [0, 7, 7, 0, 1, True],
        [8, 9, 0, 2, 0, False],
    ]
    assert (first["core_seconds"], second["core_seconds"]) == (7 * 2 * 0.25, 0.0)
    assert first["declared_core_seconds"] == 8 * 2 * 1.0
    assert "closed: 7 of 8 replicates are back, and of 1 nothing more will come" in reader.get("/registrations/1").text


def test_an_experiment_shows_its_designs_and_all_that_was_predicted(site):
    found = site.get("/experiments/tiny_sum.json").json["experiment"]
    assert [one["design"] for one in found["registrations"]] == ["declared", "wide", "declared"]
    assert [said["forecaster"] for said in found["predictions"]] == [
        "catalogue, informed",
        "autopilot",
        "Ada",
        "Ada, informed",
    ]
    assert "further out" in site.get("/experiments/tiny_sum").text


def test_forecasters_have_their_scores_and_the_informed_no_calibration(lab, site):
    for said in scores.unscored(lab.db, 1):
        worth = score(said.prediction, Verdict.NEGATIVE, -1.0, "it ended")
        facts = {"brier": worth.brier, "log_score": worth.log_score, "interval_score": worth.interval_score}
        facts |= {"is_covered": int(worth.is_covered), "reason": worth.reason}
        facts |= {"finding_number": 1, "line": 1, "verdict": "effect −", "estimate": -1.0}
        scores.keep(lab.db, said.id, facts, lab.now)
    ada, informed, _, catalogue = site.get("/forecasters.json").json["forecasters"]
    assert (ada["forecaster"], ada["scored"], ada["covered"]) == ("Ada", 1, 1)
    assert ada["brier"] == pytest.approx(0.8**2 + 0.9**2 + 0.1**2)
    assert ada["e_value"] > 1.0
    assert (informed["forecaster"], informed["scored"]) == ("Ada, informed", 0)
    assert (catalogue["e_value"], catalogue["is_counted"]) == (None, False)
    page = site.get("/forecasters").text
    assert "informed, not kept" in page
    assert "nothing speaks against it" in page


def test_what_was_computed_again_is_counted_by_platforms(lab, site):
    duplicates.count(lab.db, 1, [Agreements(platforms=("linux", "windows"), exact=1, divergent=1)], 0)
    assert site.get("/experiments/tiny_sum.json").json["experiment"]["reproduced"] == [
        {
            "platforms": ["linux", "windows"],
            "exact": 1,
            "close": 0,
            "divergent_at_the_end": 1,
            "divergent_from_the_start": 0,
        }
    ]
    assert "Seeds computed again" in site.get("/experiments/tiny_sum").text


def test_pages_say_that_a_version_was_recalled_and_why(lab, site):
    recall(lab.db, experiments.by_id(lab.db, 1), "the sum was wrong", lab.now)
    assert site.get("/experiments/tiny_sum.json").json["experiment"]["status"] == "recalled"
    assert "recalled" in site.get("/experiments/tiny_sum").text
    finding = site.get("/findings/1.json").json["finding"]
    assert (finding["status"], finding["why"]) == ("recalled", "the sum was wrong")
    assert "the sum was wrong" in site.get("/findings/1").text


def test_a_new_laboratory_has_nobody_yet(small_lab, browse):
    site = browse(small_lab)
    assert site.get("/registrations.json").json == {"registrations": []}
    assert site.get("/registrations").status == 200
    assert "Nobody yet" in site.get("/forecasters").text
