"""The page of an experiment: its table holds what its picture draws, and it says how far its version is let out."""

import contextlib
from dataclasses import replace
from urllib.parse import quote

from furnished_lab import compute_three_blocks
from tiny_experiment import prepare_text, tiny_source

from axiom.domain.experiments import Figure
from axiom.domain.preflights import OWN_GATES
from axiom.domain.releases import ANY_COMPUTER, TaskRule
from axiom.domain.work import Outcome
from axiom.laboratory.experiments import release_stages
from axiom.laboratory.experiments.pause_and_approve import approve_version, pause_version
from axiom.laboratory.figures import redraw_figures as draw_figures
from axiom.laboratory.findings import observe
from axiom.laboratory.rounds.steps.weigh_findings import evaluate_findings
from axiom.limits import experiments as limits
from axiom.limits import results as result_limits
from axiom.signed.manifests import stored_manifest
from axiom.store.experiments import experiments, former_results, task_rules
from axiom.store.rounds import rounds

PATH = "/experiments/tiny_sum@1"
OTHERS = """
WITH RECURSIVE n (id) AS (SELECT 2 UNION ALL SELECT id + 1 FROM n WHERE id < 1500)
INSERT INTO result (task_id, experiment_id, replicate, config, seed, outcome, measures, early, cpu_seconds, created_at)
SELECT 1, 2, 0, id, 0, 'ok', '{"total": 7.0}', '[]', 1.0, 0 FROM n
"""
# Where numbers are counted and weighed.
WEIGHED = (
    *("/index", "/findings", "/findings/1", "/results", "/registrations/1", "/plan", "/ledger", "/leaderboards"),
    *("/volunteers/2", "/hosts/1", "/forecasters", "/sessions", "/news"),
)


def compute(lab, amount: int) -> None:
    for _ in range(amount):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()


def experiment_of(reader, path: str = PATH) -> dict:
    reader.app.forget()
    return reader.get(f"{path}.json").json["experiment"]


def test_the_table_holds_the_numbers_of_the_picture_and_follows_new_results(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=9)
    compute(small_lab, 9)
    small_lab.publish(prepared(version=2))
    small_lab.deploy(2, workunits=2)
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE result SET measures = json_set(measures, '$.total', replicate * 7 % 9 + config)")
        small_lab.db.execute(OTHERS)
    stored = experiments.find_experiment_by_name(small_lab.db, "tiny_sum", 1)
    manifest = replace(stored_manifest(stored.manifest), figure=Figure(x="size", y="total", title="Total"))
    drawn = draw_figures.experiment_sweep(small_lab.db, stored, manifest)
    reader = browse(small_lab)
    figures = experiment_of(reader)["figures"]
    rows = figures["sweep"]["rows"]
    assert rows == [[f"size {point.x}", point.seeds, point.estimate, point.low, point.high] for point in drawn.points]
    assert [row[1:] for row in rows] == [[9, 4.0, 0.0, 8.0], [9, 5.0, 1.0, 9.0]]
    assert "curve" not in figures
    assert reader.get("/figures/experiment/1/curve.csv").status == 404
    for back in (1, 2):
        compute(small_lab, 1)
        rows = experiment_of(reader, "/experiments/tiny_sum@2")["figures"]["sweep"]["rows"]
        assert [row[1] for row in rows] == [back, back]
    for version in ("99", "9" * 30, "x", "-1", "1x", "²"):
        assert reader.get(f"/experiments/tiny_sum@{quote(version)}").status == 404


def test_the_picture_counts_what_has_no_value_and_ends_at_the_most_that_is_read(
    browse, small_lab, prepared, monkeypatch
):
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=3)
    reader = browse(small_lab)
    compute(small_lab, 2)
    assert experiment_of(reader)["figures"]["sweep"]["without_value"] == 0
    order = small_lab.order(1)
    small_lab.report(order, small_lab.output(order, outcome=Outcome.LATE, measures=None))
    small_lab.validate()
    assert experiment_of(reader)["figures"]["sweep"]["without_value"] == 2
    monkeypatch.setattr(result_limits, "RESULTS_SUMMED", 4)
    rows = experiment_of(browse(small_lab))["figures"]["sweep"]["rows"]
    assert sum(row[1] for row in rows) == 4


def test_results_without_a_value_are_stored_all_the_same(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=1)
    unstored = "No result is stored yet"
    reader = browse(small_lab)
    assert unstored in reader.get("/experiments/tiny_sum").text
    order = small_lab.order(1)
    small_lab.report(order, small_lab.output(order, outcome=Outcome.LATE, measures=None))
    small_lab.validate()
    reader.app.forget()
    assert unstored not in reader.get("/experiments/tiny_sum").text


def test_values_near_the_largest_number_have_a_mean_and_a_median(browse, small_lab, prepared):
    small_lab.publish(prepared())
    small_lab.host()
    small_lab.deploy(workunits=2)
    compute(small_lab, 2)
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE result SET measures = json_set(measures, '$.total', 1.7e308)")
    page = experiment_of(browse(small_lab))
    assert [(row["mean"], row["median"]) for row in page["summary"]["configs"]] == [(1.7e308, 1.7e308)] * 2
    assert [row[2] for row in page["figures"]["sweep"]["rows"]] == [1.7e308] * 2


def test_a_measure_that_is_a_list_has_its_curve_with_table_and_csv(browse, small_lab, tmp_path):
    source = tiny_source(name="curved_sum")
    text = source.replace("total: float\n", "total: float\n    total_by_step: tuple[float, ...]\n")
    small_lab.publish(prepare_text("curved_sum", text, tmp_path))
    small_lab.host()
    small_lab.deploy(workunits=3)
    for replicate in range(3):
        order = small_lab.order(1)
        steps = [0.0, float(replicate), 4.0][: 3 - replicate]
        small_lab.report(order, small_lab.output(order, measures={"total": 1.0, "count": None, "total_by_step": steps}))
        small_lab.validate()
    reader = browse(small_lab)
    curve = experiment_of(reader, "/experiments/curved_sum@1")["figures"]["curve"]
    medians = ((1, 0.0), (2, 0.5))
    assert curve["rows"] == [[place, size, 3, median] for size in ("1", "2") for place, median in medians]
    assert reader.get(curve["csv"]).text.splitlines()[2] == "2,1,3,0.5"
    assert reader.get("/experiments/curved_sum@1").status == 200


def test_the_page_says_whether_a_bundle_was_tried_and_what_volunteers_get_meanwhile(browse, small_lab, prepared):
    small_lab.publish(prepared(), is_tried=False)
    reader = browse(small_lab)
    preflight = experiment_of(reader)["preflight"]
    assert (preflight["passed"], preflight["at"], preflight["offered"]) == (None, None, None)
    assert (preflight["ours"]["passed"], preflight["ours"]["gates"]) == (True, OWN_GATES)
    small_lab.publish(prepared())
    small_lab.publish(prepared(top="# repaired"), is_tried=False)
    preflight = experiment_of(reader)["preflight"]
    assert preflight["bundle"] == prepared(top="# repaired").digest
    assert preflight["offered"] == {"digest": prepared().digest, "serial": 1}
    small_lab.publish(prepared(top="# repaired"))
    assert experiment_of(reader)["preflight"]["passed"] is True
    assert reader.get("/status.json").json["status"]["experiments"][0]["preflight"] == "passed"
    small_lab.db.execute("DELETE FROM preflight")
    assert experiment_of(reader)["preflight"]["ours"] == {"passed": False, "gates": None, "reason": None}
    assert reader.get("/status.json").json["status"]["experiments"][0]["preflight"] == "unread"


def test_the_page_shows_the_stage_of_a_release_and_who_did_what_when(browse, small_lab, prepared):
    small_lab.lets_out = False
    small_lab.publish(prepared())
    small_lab.host(cores=8)
    small_lab.deploy(workunits=5)
    reader = browse(small_lab)

    def release():
        return experiment_of(reader)["release"]

    assert release()["stage"] == "pilot"
    assert release()["since"] == small_lab.now.isoformat()
    assert release()["history"] == []
    orders = [small_lab.order(1) for _ in range(3)]
    assert (release()["out"], release()["well"]) == (3, 0)
    for order in orders:
        small_lab.report(order, small_lab.output(order))
    small_lab.validate()
    assert (release()["stage"], release()["out"], release()["well"]) == ("wider pilot", 0, 3)
    small_lab.later(minutes=5)
    with small_lab.db.transaction():
        release_stages.record_stages(small_lab.db, small_lab.now)
        stored = experiments.find_experiment(small_lab.db, 1)
        approve_version(small_lab.db, stored, reason="read <it>", by="Ada", now=small_lab.now)
    assert (release()["since"], release()["approved_by"]) == (small_lab.now.isoformat(), "Ada")
    with small_lab.db.transaction():
        kind = "linux-x86_64-none"
        pause_version(small_lab.db, stored, platform=kind, reason="wrong sums", by="Ben", now=small_lab.now)
    reader.app.forget()
    page = reader.get(PATH).text
    assert all(fact in page for fact in (kind, "Ben", "wrong sums", "read &lt;it&gt;"))
    with small_lab.db.transaction():
        pause_version(small_lab.db, stored, platform="", reason="too warm", by="Ben", now=small_lab.now)
    assert release()["stage"] == "paused"
    assert "too warm" in release()["reason"]


def test_the_page_says_what_an_operator_demands_of_computers_and_until_when(browse, small_lab, prepared):
    small_lab.publish(prepared())
    reader, now = browse(small_lab), small_lab.now
    assert experiment_of(reader)["rule"] is None
    assert 'id="computers"' not in reader.get(PATH).text
    for rule, facts in (
        (
            TaskRule(least_cores=16, least_memory_mb=32_000, times_longer=4),
            ("at least 16", "32,000 MB", "4 times as long"),
        ),
        (TaskRule(times_longer=2), ("2 times as long",)),
    ):
        task_rules.set_rule(small_lab.db, "tiny_sum", rule, reason="<it> swaps", by="Ada", now=now)
        shown, text = experiment_of(reader)["rule"], reader.get(PATH).text
        assert shown["least_cores"] == rule.least_cores
        assert shown["by"] == "Ada"
        assert shown["at"] == now.isoformat()
        assert [fact for fact in (*facts, "Ada", "&lt;it&gt; swaps") if fact not in text] == []
    task_rules.set_rule(small_lab.db, "tiny_sum", ANY_COMPUTER, reason="", by="Ada", now=now)
    assert experiment_of(reader)["rule"] is None


def load_former(lab, amount: int, source: str = "moon") -> None:
    with lab.db.transaction():
        for number in range(amount):
            row = {"task": f"wu_{number:03d}", "measures": {"total": float(number)}, "config": {"seed": number}}
            row["measures"] |= {"rare": 1.7e308} if number in (1, 2) else {}
            former_results.add_former_result(lab.db, row, experiment="tiny_sum", source=source, now=lab.now)


def test_what_an_old_laboratory_had_is_summed_up_by_source_and_can_be_paged(browse, small_lab, prepared, monkeypatch):
    small_lab.publish(prepared())
    reader = browse(small_lab)
    assert experiment_of(reader)["former"] == []
    assert 'id="former"' not in reader.get(PATH).text
    load_former(small_lab, 101)
    (summary,) = experiment_of(reader)["former"]
    assert summary["source"] == "moon"
    assert summary["tasks"] == 101
    assert summary["summed"] == 101
    assert summary["status"] == "exploratory"
    rare, total = summary["measures"]
    assert rare == {"name": "rare", "tasks": 2, "median": 1.7e308, "low": 1.7e308, "high": 1.7e308}
    assert total == {"name": "total", "tasks": 101, "median": 50.0, "low": 5.0, "high": 95.0}
    assert 'id="former"' in reader.get(PATH).text
    first = reader.get("/experiments/tiny_sum@1/former.json?source=moon").json
    assert len(first["rows"]) == 100
    assert first["status"] == "exploratory"
    assert first["rows"][7]["measures"] == {"total": 7.0}
    second = reader.get(first["next"]).json
    assert ([row["task"] for row in second["rows"]], second["next"]) == (["wu_100"], None)
    assert reader.get("/experiments/tiny_sum/former").status == 200
    monkeypatch.setattr(limits, "FORMER_SUMMED", 8)
    load_former(small_lab, 4, source="sun")
    moon, sun = experiment_of(reader)["former"]
    assert [(each["tasks"], each["summed"]) for each in (moon, sun)] == [(101, 4), (4, 4)]
    assert [measure["median"] for measure in sun["measures"]] == [1.7e308, 1.5]


def lines_if_weighed(lab) -> list:
    """What evidence there would be now, and from which observations; nothing of it stays."""

    class UndoneError(Exception):
        pass

    read = []
    with contextlib.suppress(UndoneError), lab.db.transaction():
        evaluate_findings(lab.db, rounds.begin_round(lab.db, pi="autopilot", reason="a test", now=lab.now), lab.now)
        read = [observe.observe_version(lab.db, 1, lab.now), lab.db.select("SELECT * FROM evidence")]
        raise UndoneError
    return read


def test_nothing_that_counts_or_weighs_sees_it(browse, small_lab, prepared):
    def seen() -> dict:
        reader.app.forget()
        pages = {path: reader.get(f"{path}.json") for path in WEIGHED}
        assert {page.status for page in pages.values()} == {200}
        experiment = experiment_of(reader)
        assert bool(experiment.pop("former")) == is_loaded
        return {path: page.json for path, page in pages.items()} | {PATH: experiment}

    compute_three_blocks(small_lab, prepared)
    reader, is_loaded = browse(small_lab), False
    before, weighed = seen(), lines_if_weighed(small_lab)
    assert len(weighed[1]) == 3
    load_former(small_lab, 200)
    is_loaded = True
    assert lines_if_weighed(small_lab) == weighed
    assert [path for path, answer in seen().items() if answer != before[path]] == []
