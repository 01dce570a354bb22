"""The card of a finding: one answer, shown by the page and by its JSON, and the words for what its claim holds."""

import re
from dataclasses import replace

import pytest
from evidence_lines import record
from furnished_lab import weigh_three_blocks, weighed

from axiom.domain.registrations import StoppingRule
from axiom.laboratory.registrations.register import register_cohort, register_further
from axiom.reads import evidence_cards
from axiom.reads.base import scope
from axiom.reads.base.request import Reading
from axiom.store.accounts import accounts
from axiom.store.experiments import experiments
from axiom.store.findings import evidence
from axiom.store.registrations import registrations, scores
from axiom_weigh.values import Agreements, Observation


@pytest.fixture
def published(small_lab, prepared):
    small_lab.publish(prepared())
    return small_lab


def finding_of(reader, number: int = 1) -> dict:
    reader.app.forget()
    return reader.get(f"/findings/{number}.json").json["finding"]


def add_line(lab, line, seen=()) -> None:
    with lab.db.transaction():
        record(lab.db, 1, line, seen, session_id=None, now=lab.now)


def test_older_lines_number_nobody_shy_and_the_badge_counts_exact_duplicates(browse, published):
    ada, shy = published.volunteer("Ada"), published.volunteer("Shy")
    sentences = [f"without volunteer {number} the verdict is undecided" for number in (ada, shy)]
    with published.db.transaction():
        accounts.set_profile(
            published.db, shy, name="Shy", country="", website="", is_exported=False, shows_hosts=False
        )
    add_line(
        published,
        weighed(2, needs=(f"a verdict that holds without each of them: {sentences[1]}",), reasons=tuple(sentences)),
    )
    reader = browse(published)
    answer = finding_of(reader)
    for line in (answer["evidence"], *answer["history"]):
        assert line["reasons"][0] == sentences[0]
        assert f"volunteer {shy}" not in line["reasons"][1]
    for page in ("/findings/1", "/findings/1.json", "/", "/findings.json"):
        assert f"volunteer {shy}" not in reader.get(page).text
    reader = browse(published)
    for pairs, numbers in (
        *(([{"exact": 3}, {"exact": 2}], [[]]), ([{"exact": 1, "close": 3, "divergent": 1}], [["1", "5"]])),
        *(([{"exact": 3}, {"close": 2}], [["3", "5"]]), ([{"close": 3}], []), ([], [])),
    ):
        agreements = [Agreements(platforms=("a", f"b{number}"), **pair) for number, pair in enumerate(pairs)]
        add_line(published, weighed(2, agreements=tuple(agreements)))
        reader.app.forget()
        badges = re.findall(r'<span class="badge">([^<]*bit for bit)</span>', reader.get("/findings/1").text)
        assert [re.findall(r"\d+", badge) for badge in badges] == numbers


def test_the_scope_claims_nothing_of_what_is_not_weighed(browse, small_lab, prepared):
    weigh_three_blocks(small_lab, lambda: prepared(has_shift=True))
    reader = browse(small_lab)
    before = finding_of(reader)["scope"]
    version = experiments.find_experiment(small_lab.db, 1)
    with small_lab.db.transaction():
        for name, shift in (("wide", 3), ("wider", 5)):
            points = [({"size": size, "shift": shift}, 1.0) for size in (1, 2)]
            register_further(
                small_lab.db, version, name, points, stopping=StoppingRule(replicates=256), why="", now=small_lab.now
            )
        register_cohort(small_lab.db, 1, stopping=StoppingRule(replicates=256), why="", now=small_lab.now)
    after = finding_of(reader)["scope"]
    for shown in (before, after):
        assert (shown["configs"], shown["levels"]) == (2, {"size": [1, 2], "shift": [0]})
    assert "Of 2 further designs" in after["words"]
    assert finding_of(reader)["parts"]["host"][1]["seeds"] == 8
    seen = [Observation(replicate=100 + number, value=1.0 + number, hosts=(2,)) for number in range(8)]
    add_line(small_lab, weighed(4), seen)  # a card that was shown follows a new line
    assert [part["seeds"] for part in finding_of(reader)["parts"]["host"]] == [8, 16, 8]


def test_a_share_is_called_a_share_and_the_card_shows_its_parts(weighed_lab, weighed_site):
    for kind, centre, headings in (
        ("sign", "median", ["Median", "Low", "High", "Standard error of the median", "Mean"]),
        ("bernoulli", "share", ["Share", "Low", "High", "Standard error of the share", "Mean"]),
        ("betting", "mean", ["Mean", "Low", "High", "Standard error of the mean"]),
    ):
        reading = Reading(db=weighed_lab.db, folder=weighed_lab.folder, now=weighed_lab.now, name="", live=dict)
        card = evidence_cards.weigh_inputs(evidence.read_card_inputs(weighed_lab.db, 1))
        card = replace(card, evidence=replace(card.evidence, e_kind=kind))
        assert card.evidence.centre == centre
        table = evidence_cards.forest_plot(reading, 1, {"kind": "level"}, card)
        assert table["headings"] == ["Group", "Part", "Replicates", "Missing", *headings]
        assert [row[4] for row in table["rows"][-3:]] == [part.estimate for part in card.by("host")]
        assert {len(row) for row in table["rows"]} == {len(headings) + 4}
    finding = finding_of(weighed_site)
    parts = {by: [(part["name"], part["seeds"]) for part in rows] for by, rows in finding["parts"].items()}
    rows = finding["figures"]["forest"]["rows"]
    assert [(row[1], row[2]) for row in rows] == [part for by in ("platform", "design", "host") for part in parts[by]]
    assert weighed_site.get("/figures/finding/1/forest.csv").text.count("\n") == 1 + len(rows)


def test_a_card_leads_to_its_export_and_names_nobody_shy(weighed_lab, weighed_site):
    finding, page = finding_of(weighed_site), weighed_site.get("/findings/1").text
    (never,) = finding["never_worked"]
    assert never["host"] == 4
    assert never["platform"] == "linux-x86_64-avx2"
    assert never["states"] == {"failed": 1}
    assert f'href="{finding["export"]}"' in page
    file = weighed_site.get(finding["export"])
    assert file.status == 200
    assert file.headers["content-type"] == "application/zip"
    assert file.raw[:2] == b"PK"
    assert file.headers["content-disposition"] == 'attachment; filename="finding-1.zip"'
    for number in ("9", "99999999999999999999"):
        assert weighed_site.get(f"/findings/{number}.zip").status == 404
    page = weighed_site.get("/findings/1").text + weighed_site.get("/findings/1.json").text
    assert [name for name in ("Shy", "Grace", "third") if name in page] == []
    (shy, *_) = accounts.find_account_by_email(weighed_lab.db, "shy@example.org")
    without = finding_of(weighed_site)["without"]
    numbers = [row["number"] for row in without if row["by"] == "volunteer"]
    assert len(numbers) == 3
    assert shy.id not in numbers
    assert numbers[-1] == -1


def test_a_finding_before_its_evidence_shows_predictions_their_scores_and_its_status(browse, published):
    reader = browse(published)
    finding = finding_of(reader)
    assert finding["export"] is None
    assert finding["predictions"][0]["score"] is None
    assert finding["reads"] == "undecided"
    assert ".zip" not in reader.get("/findings/1").text
    assert reader.get("/findings/1.zip").status == 404
    worth = {"brier": 1.46, "log_score": -2.3, "interval_score": None, "is_covered": 0}
    about = {"finding_number": 1, "line": 3, "verdict": "effect −", "estimate": -1.0, "reason": "all is back"}
    with published.db.transaction():
        scores.add_score(published.db, 1, about | worth, published.now)
        registrations.set_finding_status(published.db, 1, "suspended", "two seeds gave the same")
    finding, page = finding_of(reader), reader.get("/findings/1").text
    assert finding["predictions"][0]["score"]["brier"] == 1.46
    assert (finding["status"], finding["why"]) == ("suspended", "two seeds gave the same")
    assert all(fact in page for fact in ("1.46", "−2.30", "all is back", "two seeds gave the same"))


def test_a_finding_of_several_designs_and_a_claim_formed_from_data_say_so(browse, varied_lab):
    reader = browse(varied_lab)
    found = finding_of(reader)
    assert [part["name"] for part in found["parts"]["design"]] == ["declared", "wide", "wider", "widest"]
    assert found["pooled"]["prediction_low"] < found["pooled"]["estimate"] < found["pooled"]["prediction_high"]
    assert found["exploratory"] is None
    found = finding_of(reader, 2)
    assert (found["exploratory"]["seeds"], found["evidence"]["seeds"]) == (32, 8)
    cohorts = [row[4] for row in found["figures"]["strip"]["rows"]]
    assert (cohorts.count("exploratory"), cohorts.count("confirmatory")) == (32, 8)
    assert all(reader.get(f"/findings/{number}").status == 200 for number in (1, 2))


WIDTHS = [{"width": width, "act": "tanh", "lr": 0.05} for width in (256, 8, 16, 32, 64)]


def test_what_varies_comes_first_of_the_configs_of_the_claim_s_arms():
    for configs, words in (
        (WIDTHS, "width 8 to 256 (5 levels); with act tanh and lr 0.05"),
        (WIDTHS[:2], "width 8 or 256; with act tanh and lr 0.05"),
        (WIDTHS[:1], "with act tanh, lr 0.05 and width 256"),
        ([{"kind": name} for name in ("sgd", "adam", "none", "lion", "muon")], "kind sgd, adam, none, lion or muon"),
        ([{"is_on": True, "n": 2}, {"is_on": False, "n": 2}], "is on true or false; with n 2"),
        ([{"lr": lr, "noise": lr} for lr in (0.001, 0.01)], "lr 0.001 or 0.01; noise 0.001 or 0.01"),
    ):
        assert scope.scope_in_words(configs, {}) == words
    words = {"width": "{value} neurons", "act=tanh": "tanh units", "is_on": "dropout"}
    for configs, told in (
        (WIDTHS, "8 to 256 neurons (5 levels); with tanh units; all else as registered"),
        ([{"width": 8, "is_on": True}, {"width": 1, "is_on": False}], "1 or 8 neurons; dropout or no dropout"),
        ([{"lr": 1.0}], "all else as registered"),
    ):
        assert scope.scope_in_words(configs, words) == told
    for between, kept in (
        ([], [256, 8, 16, 32, 64]),
        ([{"width": 8}, {"width": 64}], [8, 64]),
        ([{"act": "tanh"}], [256, 8, 16, 32, 64]),
        ([{"act": "relu"}], []),
    ):
        assert [config["width"] for config in scope.select_arm_configs({"between": between}, WIDTHS)] == kept
    for configs, is_crossed in (
        (WIDTHS, True),
        ([{"a": a, "b": b} for a in (1, 2) for b in (1, 2)], True),
        ([{"a": 1, "b": 1}, {"a": 2, "b": 1}, {"a": 1, "b": 2}], False),
        ([], True),
    ):
        assert scope.is_crossed(configs) is is_crossed
    parts = [("data.clusters", ""), ("data.teacher", "Labels of a teacher."), ("models.mlp", "")]
    assert scope.list_kit_parts(SOURCE, KIT) == parts
    assert scope.list_kit_parts("x = 1", KIT) == []


SOURCE = """
from axiom.kit import chance, data, models as nets
from axiom.domain import data as other
TASKS = {"a": data.teacher, "b": data.clusters, "c": data.Task}
def run(config, seed):
    return nets.mlp(chance.stream(seed, "start"), data.teacher, other.teacher, config.data.linear)
"""


KIT = {
    "axiom/kit/data.py": b'def teacher():\n    """Labels of a teacher.\n\n    More.\n    """\n\ndef clusters(): pass\n'
}
