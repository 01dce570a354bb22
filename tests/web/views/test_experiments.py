"""The page of an experiment: its table holds what its picture draws."""

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import quote

import pytest

import axiom
from axiom.decisions.hosts.costs import shown, weigh
from axiom.domain.costs import Fit, Voice
from axiom.domain.experiments import Figure
from axiom.domain.preflights import OWN_GATES
from axiom.domain.work import Outcome
from axiom.lab import draw_figures
from axiom.lab.experiments.publish import prepare
from axiom.signed.bundles import contents
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import costs, experiments
from axiom.store.experiments.costs import LearnedCost
from axiom.store.views import results

OTHERS = """
WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 1500)
INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds, created_at)
SELECT 1, 2, 0, id, 0, 'ok', '{"total": 7.0}', '[]', 1.0, 0 FROM n
"""


def compute(lab, amount: int) -> None:
    for _ in range(amount):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()


@pytest.fixture
def measured(small_lab, prepared):
    """Nine replicates of two configs, all with different totals, and then many results of the next version."""
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=9)
    compute(small_lab, 9)
    small_lab.publish(prepared(version=2))
    small_lab.deploy(2, workunits=2)
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE result SET measures = json_set(measures, '$.total', replicate * 7 % 9 + config)")
        small_lab.db.execute(OTHERS)
    return small_lab


def test_the_table_holds_the_numbers_of_the_picture(browse, measured):
    stored = experiments.by_name(measured.db, "tiny_sum", 1)
    manifest = replace(stored_manifest(stored.manifest), figure=Figure(x="size", y="total", title="Total"))
    drawn = draw_figures.sweep_of(measured.db, stored, manifest)
    found = browse(measured).get("/experiments/tiny_sum@1.json").json["experiment"]["figures"]["sweep"]
    assert found["headings"] == ["Config", "Results", "Median of total", "Low", "High"]
    assert found["rows"] == [
        [f"size {point.x}", point.seeds, point.median, point.low, point.high] for point in drawn.points
    ]
    assert [row[1:] for row in found["rows"]] == [[9, 4.0, 0.0, 8.0], [9, 5.0, 1.0, 9.0]]


def test_the_page_says_that_its_picture_is_of_what_is_back_and_how_much_of_that_has_no_value(
    browse, small_lab, prepared, monkeypatch
):
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=3)
    reader, path = browse(small_lab), "/experiments/tiny_sum@1"
    reader.app._fresh = 0.0  # so that each page is made new
    compute(small_lab, 2)
    page = words(reader.get(path).text)
    assert "What is back so far, by config" in page
    assert "What computes quickly comes back first, so this may lean towards it, and what failed or was stopped" in page
    assert "has no value in it. An interval that holds at every look is that of the findings" in page
    assert reader.get(f"{path}.json").json["experiment"]["figures"]["sweep"]["without_value"] == 0
    order = small_lab.order(1)
    small_lab.report(order, small_lab.output(order, outcome=Outcome.LATE, measures=None))
    small_lab.validate()
    assert "has no value in it (2 of 6 results so far have none)." in words(reader.get(path).text)
    assert reader.get(f"{path}.json").json["experiment"]["figures"]["sweep"]["without_value"] == 2
    monkeypatch.setattr(results, "MOST_READ", 4)
    assert "The first 4 results, by config" in words(browse(small_lab).get(path).text)


@pytest.fixture
def curved(small_lab, prepared, tmp_path):
    """Three replicates of an experiment that measures its total at each of three steps."""
    source = contents(prepared().archive)["axiom/catalogue/tiny_sum.py"].decode()
    source = source.replace('name="tiny_sum"', 'name="curved_sum"')
    file = tmp_path / "curved_sum.py"
    file.write_text(source.replace("total: float\n", "total: float\n    total_by_step: tuple[float, ...]\n"))
    small_lab.publish(prepare(Path(axiom.__file__).parent, file))
    small_lab.host()
    small_lab.deploy(workunits=3)
    for replicate in range(3):
        order = small_lab.order(1)
        steps = [0.0, float(replicate), 4.0][: 3 - replicate]
        small_lab.report(order, small_lab.output(order, measures={"total": 1.0, "count": None, "total_by_step": steps}))
        small_lab.validate()
    return small_lab


def test_a_measure_that_is_a_list_has_its_curve_on_the_page_with_table_and_csv(browse, curved):
    reader = browse(curved)
    found = reader.get("/experiments/curved_sum@1.json").json["experiment"]["figures"]["curve"]
    assert found["headings"] == ["step, by its place in the list", "size", "Repetitions", "Median of total"]
    assert found["rows"] == [
        *([place, "1", 3, middle] for place, middle in ((1, 0.0), (2, 0.5))),
        *([place, "2", 3, middle] for place, middle in ((1, 0.0), (2, 0.5))),
    ]
    page = words(reader.get("/experiments/curved_sum@1").text)
    assert "Of the first 32 repetitions it takes those that are back: 3 repetitions of each config." in page
    csv = reader.get(found["csv"]).text.splitlines()
    assert (csv[0], csv[2]) == ('"step, by its place in the list",size,Repetitions,Median of total', "2,1,3,0.5")


def test_an_experiment_without_a_list_has_no_curve(browse, measured):
    reader = browse(measured)
    assert "curve" not in reader.get("/experiments/tiny_sum@1.json").json["experiment"]["figures"]
    assert reader.get("/figures/experiment/1/curve.csv").status == 404


def words(html: str) -> str:
    said = unescape(re.sub(r"</?(?:a|b|p)\b[^>]*>", "", html)).replace("\N{NO-BREAK SPACE}", " ")
    return " ".join(said.split())


def test_new_results_are_in_the_table_of_the_next_page(browse, measured):
    reader = browse(measured)
    reader.app._fresh = 0.0  # so that each page is made new
    for back in (1, 2):
        compute(measured, 1)
        rows = reader.get("/experiments/tiny_sum@2.json").json["experiment"]["figures"]["sweep"]["rows"]
        assert [row[1] for row in rows] == [back, back]


def test_the_page_says_whether_a_bundle_was_tried_and_what_volunteers_get_meanwhile(browse, small_lab, prepared):
    small_lab.publish(prepared(), is_tried=False)
    reader, path = browse(small_lab), "/experiments/tiny_sum@1"
    reader.app._fresh = 0.0  # so that each page is made new
    found = reader.get(f"{path}.json").json["experiment"]["preflight"]
    assert (found["passed"], found["at"], found["offered"]) == (None, None, None)
    assert found["reason"] == "it waits for its preflight, before which it goes to no volunteer"
    assert (found["ours"]["passed"], found["ours"]["gates"]) == (True, OWN_GATES)
    page = reader.get(path).text
    assert "Until it passes, only the laboratory's own computers compute it." in page
    assert "it reads as an experiment and said what it declares, held." in page
    small_lab.publish(prepared())
    small_lab.publish(prepared(top="# repaired"), is_tried=False)
    found = reader.get(f"{path}.json").json["experiment"]["preflight"]
    assert found["bundle"] == prepared(top="# repaired").digest
    assert found["offered"] == {"digest": prepared().digest, "serial": 1}
    page = reader.get(path).text
    assert "Until a newer bundle passes, volunteers get the one with serial 1." in page
    small_lab.publish(prepared(top="# repaired"))
    page = reader.get(path).text
    assert "All gates." in page
    assert reader.get("/status.json").json["status"]["experiments"][0]["preflight"] == "passed"


def test_the_page_says_that_nobody_gets_what_nobody_looked_at(browse, small_lab, prepared):
    small_lab.publish(prepared(), is_tried=False)
    small_lab.db.execute("DELETE FROM preflight")
    reader, path = browse(small_lab), "/experiments/tiny_sum@1"
    found = reader.get(f"{path}.json").json["experiment"]["preflight"]["ours"]
    assert found == {"passed": False, "gates": None, "reason": None}
    assert reader.get("/status.json").json["status"]["experiments"][0]["preflight"] == "unread"
    page = reader.get(path).text
    assert "Nobody has looked at its file yet, before which it goes to nobody." in page
    assert "only the laboratory's own computers" not in page


def test_the_page_says_what_tasks_have_shown_of_the_cost_on_each_kind_of_host(browse, working_lab):
    reader, path = browse(working_lab), "/experiments/tiny_sum@1"
    reader.app._fresh = 0.0  # so that each page is made new
    assert reader.get(f"{path}.json").json["experiment"]["costs"] == []
    assert "No task has shown anything else yet." in reader.get(path).text
    fit = Fit(tasks=12, voices=tuple(Voice(host_id=host, tasks=6, log_ratio=1.098612) for host in (1, 2)))
    with working_lab.db.transaction():
        kept = LearnedCost(host_class="linux-x86_64-avx2", fit=fit, cost=weigh(fit).cost)
        costs.keep(working_lab.db, 1, kept, working_lab.now)
    (found,) = reader.get(f"{path}.json").json["experiment"]["costs"]
    assert found["factor"] == pytest.approx(3.0, rel=0.06)
    assert found == shown("linux-x86_64-avx2", fit)
    page = reader.get(path).text
    assert "linux-x86_64-avx2" in page
    assert f"I{found['reason'][1:]}." in page


@pytest.mark.parametrize("version", ["99", "9" * 10, "9" * 30, "x", "-1", "1x", "²"])
def test_an_address_of_a_version_that_cannot_be_does_not_show_the_newest(browse, small_lab, prepared, version):
    small_lab.publish(prepared())
    for ending in ("", ".json"):
        assert browse(small_lab).get(f"/experiments/tiny_sum@{quote(version)}{ending}").status == 404
