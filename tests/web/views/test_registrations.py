"""Registrations, forecasters, proposals and ideas, as pages and JSON show them."""

from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import HOSTILE, UNSHOWN, weighed

from axiom.domain.proposals import AUTOPILOT
from axiom.domain.registrations import BLIND, INFORMED, StoppingRule
from axiom.laboratory.experiments.recall_and_reopen import recall_version
from axiom.laboratory.findings.rules.prediction_scores import score_prediction
from axiom.laboratory.registrations import kin
from axiom.laboratory.registrations.predictions import record_prediction
from axiom.laboratory.registrations.register import ProposalOrigin, amend_claim, register_cohort, register_further
from axiom.store.experiments import experiments
from axiom.store.findings import reproductions
from axiom.store.registrations import scores
from axiom_weigh.values import Agreements, Verdict

PREDICTION = {"positive": 0.8, "negative": 0.1, "absent": 0.1, "interval": [-1.0, 1.0], "because": "a <b>test</b>"}
WIDE = [({"size": size, "shift": shift}, 1.0 + shift / 3) for shift in (0, 9) for size in (1, 2)]


@pytest.fixture
def lab(small_lab, prepared):
    """tiny_sum, predicted by Ada, with a further design and an amendment of the first."""
    small_lab.publish(prepared(has_shift=True))
    small_lab.db.execute("DELETE FROM preflight")  # nothing of it was run so far, so that Ada is blind
    kin.record_kin(small_lab.db, small_lab.folder, b"")
    record_prediction(small_lab.db, 1, PREDICTION, "Ada", small_lab.now)
    version, more = experiments.find_experiment(small_lab.db, 1), {"now": small_lab.now}
    register_further(
        small_lab.db, version, "wide", WIDE, stopping=StoppingRule(replicates=256), why="further out", **more
    )
    amend_claim(small_lab.db, 1, {"null": 0.5}, prediction=PREDICTION, forecaster="Ada", why="it looked so", **more)
    return small_lab


def test_registrations_show_their_designs_predictions_and_blocks(lab, browse):
    reader = browse(lab)
    newest, wide, first = reader.get("/registrations.json").json["registrations"]
    assert (newest["number"], newest["amends"], newest["said"]) == (3, 1, [])  # not weighed yet
    assert newest["estimands"] == [{"estimand": "grows_2", "finding": 2, "is_new": True}]
    assert wide["design"] == "wide"
    assert wide["cells"] == 4
    assert wide["estimands"][0]["is_new"] is False
    assert first["stopping"].startswith("ends when each finding is decided")
    assert 'href="/registrations/3"' in reader.get("/registrations").text
    first = reader.get("/registrations/1.json").json["registration"]
    forecasters = ["catalogue, informed", "autopilot", "Ada"]
    assert [forecast["forecaster"] for forecast in first["predictions"]] == forecasters
    assert reader.get("/registrations/2.json").json["registration"]["previous_hash"] == first["hash"]
    assert [reader.get(f"/registrations/{number}").status for number in (2, 3, 9)] == [200, 200, 404]
    assert first["block"] == 8
    assert len({reader.get(f"/registrations/{n}.json").json["registration"]["block_why"] for n in (1, 2)}) == 2
    experiment = reader.get("/experiments/tiny_sum.json").json["experiment"]
    assert [row["design"] for row in experiment["registrations"]] == ["declared", "wide", "declared"]
    assert [row["forecaster"] for row in experiment["predictions"]] == [*forecasters, "Ada, informed"]


def test_forecasters_are_scored_by_what_they_foretold(lab, browse):
    for forecast in scores.list_unscored_predictions(lab.db, 1):
        worth = score_prediction(forecast.prediction, Verdict.NEGATIVE, -1.0, "it ended")
        facts = {"brier": worth.brier, "log_score": worth.log_score, "interval_score": worth.interval_score}
        facts |= {"is_covered": int(worth.is_covered), "reason": worth.reason}
        facts |= {"finding_number": 1, "line": 1, "verdict": "effect −", "estimate": -1.0}
        scores.add_score(lab.db, forecast.id, facts, lab.now)
    reader = browse(lab)
    ada, informed, _, catalogue = reader.get("/forecasters.json").json["forecasters"]
    assert (ada["forecaster"], ada["scored"], ada["covered"]) == ("Ada", 1, 1)
    assert ada["brier"] == pytest.approx(0.8**2 + 0.9**2 + 0.1**2)
    assert ada["e_value"] > 1.0
    assert (informed["forecaster"], informed["scored"]) == ("Ada, informed", 0)
    assert (catalogue["e_value"], catalogue["is_counted"]) == (None, False)
    assert reader.get("/forecasters").status == 200


def test_what_was_reproduced_or_recalled_is_shown_as_such(lab, browse):
    reproductions.store_agreement_counts(
        lab.db, 1, [Agreements(platforms=("linux", "windows"), exact=1, divergent=1)], 0
    )
    record(lab.db, 1, weighed(2), [], session_id=None, now=lab.now)
    recall_version(lab.db, experiments.find_experiment(lab.db, 1), "the sum was wrong", lab.now)
    reader = browse(lab)
    experiment = reader.get("/experiments/tiny_sum.json").json["experiment"]
    (pair,) = experiment["reproduced"]
    assert (pair["platforms"], pair["exact"], pair["close"]) == (["linux", "windows"], 1, 0)
    assert (pair["divergent_at_the_end"], pair["divergent_from_the_start"]) == (1, 0)
    assert reader.get("/experiments/tiny_sum").status == 200
    finding = reader.get("/findings/1.json").json["finding"]
    assert experiment["status"] == "recalled"
    assert finding["status"] == "recalled"
    assert finding["why"] == ""
    assert "the sum was wrong" in [entry["text"] for entry in finding["said"]]
    assert "the sum was wrong" in reader.get("/findings/1").text


def test_what_registrations_of_one_version_share_is_read_once(lab, browse, monkeypatch):
    read, issued_to = [], experiments.count_issued_replicates
    monkeypatch.setattr(
        experiments, "count_issued_replicates", lambda db, version: read.append(version) or issued_to(db, version)
    )
    assert len(browse(lab).get("/registrations.json").json["registrations"]) == 3
    assert read == [1]


@pytest.mark.parametrize(
    ("author", "because", "seeds"),
    [
        ("Ada", "a theorem", 0),
        ("Ada", "eight seeds of a pilot", 8),  # whoever names seeds had seen them
        ("Ada, informed", "a pilot", None),
        ("", "a test", None),
        ("", "1,200 seeds: 0.9 to 1.1, and one seed more", 1200),
    ],
)
def test_every_page_says_what_each_prediction_had_seen(small_lab, prepared, browse, author, because, seeds):
    made = prepared()
    told = made.declaration.replace('"because":"a test"', f'"because":"{because}"')
    small_lab.publish(replace(made, declaration=told, author=author))
    reader = browse(small_lab)
    many = "an unrecorded number of seeds" if seeds is None else f"{seeds:,} seeds"
    reason = f"informed by {many}" if seeds != 0 else BLIND
    for verdict in (None, *Verdict):
        if verdict:
            with small_lab.db.transaction():
                line = replace(weighed(2), verdict=verdict)
                record(small_lab.db, 1, line, [], session_id=None, now=small_lab.now)
        reader.app.forget()
        for path in (
            "/findings/1",
            "/registrations/1",
            "/experiments/tiny_sum",
            "/findings/paper.md?of=1",
            "/findings/paper?of=1",
        ):
            assert reason in reader.get(path).text, (path, verdict)
    known = reader.get("/findings/1.json").json["finding"]["foreknowledge"]
    assert (known["is_informed"], known["seeds"]) == (seeds != 0, seeds)


def test_whoever_amends_or_follows_up_had_seen_the_seeds_that_were_weighed(small_lab, prepared, browse):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2), [], session_id=None, now=small_lab.now)
    small_lab.later(minutes=1)
    more = {"now": small_lab.now, "why": "it looked so"}
    followed = ProposalOrigin(proposal={}, finding=1, forecaster=f"{AUTOPILOT}{INFORMED}", prediction=PREDICTION)
    register_cohort(small_lab.db, 1, stopping=StoppingRule(replicates=256), followed=followed, **more)
    amend_claim(small_lab.db, 1, {"null": 0.25}, prediction=PREDICTION, forecaster="Ada", **more)
    reader = browse(small_lab)
    for number in (2, 3):
        (said,) = reader.get(f"/registrations/{number}.json").json["registration"]["predictions"]
        assert said["foreknowledge"] == {"is_informed": True, "seeds": 16, "reason": "informed by 16 seeds"}
    assert reader.get("/findings/2.json").json["finding"]["foreknowledge"] == said["foreknowledge"]


def test_a_registration_says_how_far_each_block_is_and_what_it_took(small_lab, prepared, browse):
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
    assert [first[name] for name in names] == [0, 7, 7, 0, 1, True]
    assert [second[name] for name in names] == [8, 9, 0, 2, 0, False]
    assert (first["core_seconds"], second["core_seconds"]) == (7 * 2 * 0.25, 0.0)
    assert [block["declared_core_seconds"] for block in (first, second)] == [8 * 2 * 1.0, 2 * 2 * 1.0]
    assert reader.get("/registrations/1").status == 200


def test_the_last_block_of_an_amended_registration_closes_on_its_page(small_lab, prepared, browse):
    small_lab.publish(prepared())
    small_lab.host(cores=16)
    small_lab.deploy(workunits=3)
    for _ in range(3):
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    amend_claim(
        small_lab.db, 1, {"null": 0.5}, prediction=PREDICTION, forecaster="Ada", why="it looked so", now=small_lab.now
    )
    (block,) = browse(small_lab).get("/registrations/1.json").json["registration"]["blocks"]
    assert block["last"] == 2
    assert block["is_closed"] is True
    assert block["reason"] == "all 3 replicates are back"


def test_an_idea_that_waits_to_be_shown_is_on_no_page(site_of):
    for address in ("/ideas", "/ideas.json", "/ideas?state=open", "/volunteers/2", "/volunteers/2.json"):
        assert UNSHOWN not in site_of.get(address).text
    assert [row["number"] for row in site_of.get("/ideas.json").json["ideas"]] == [2, 1]
    missing, never = (site_of.get(f"/ideas/{number}.json") for number in (3, 4))
    assert (missing.status, never.status) == (404, 404)
    assert missing.text.replace("3", "4") == never.text  # nobody learns which of the two it is
    idea = site_of.get("/ideas/1.json").json["idea"]
    assert idea["question"] == f"Is it {HOSTILE}?"
    assert idea["state"] == "taken"
    assert idea["asked_by_proposal"] == 1
    assert [row["number"] for row in site_of.get("/ideas.json?state=taken").json["ideas"]] == [1]
    misread = site_of.get("/ideas.json?state=withdrawn")
    assert (misread.status, misread.json["ideas"]) == (400, [])


def test_many_registrations_are_on_several_pages(lab, browse, monkeypatch):
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 2)
    first = browse(lab).get("/registrations.json").json
    assert ([row["number"] for row in first["registrations"]], first["of"]) == ([3, 2], 3)
    second = browse(lab).get(first["next"]).json
    assert ([row["number"] for row in second["registrations"]], second["next"]) == ([1], None)
