"""The card of a finding: one answer, shown by the page and by its JSON."""

import re
from dataclasses import replace
from html import unescape

import pytest
from evidence_lines import record
from furnished_lab import weigh_three_blocks, weighed

from axiom.domain.findings import Agreements, Observation
from axiom.domain.registrations import Stopping
from axiom.lab.registrations.register import register_cohort, register_further
from axiom.store.accounts import accounts
from axiom.store.evidence import evidence
from axiom.store.experiments import experiments
from axiom.store.registrations import registrations, scores
from axiom.web.base.request import Reading
from axiom.web.views import evidence_cards


@pytest.fixture
def site_of_weighed(browse, weighed_lab):
    return browse(weighed_lab)


@pytest.fixture
def found(site_of_weighed):
    return site_of_weighed.get("/findings/1.json").json["finding"]


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split()).replace("\N{NO-BREAK SPACE}", " ")


def test_it_says_for_what_the_claim_holds(site_of_weighed, found):
    scope = found["scope"]
    assert scope["words"] == (
        "Found for tiny_sum@1: size 1 or 2. 2 configs in 1 design; the estimand is: total: size 1 minus size 2. "
        "Nothing is claimed beyond that."
    )
    assert scope["levels"] == {"size": [1, 2]}
    assert [(each["name"], each["registration"], each["configs"]) for each in scope["designs"]] == [("declared", 1, 2)]
    assert scope["words"] in words(site_of_weighed.get("/findings/1").text)


def test_it_claims_nothing_of_what_is_not_weighed(browse, small_lab, prepared):
    def scope():
        return browse(small_lab).get("/findings/1.json").json["finding"]["scope"]["words"]

    def ask_further(name, shift):
        points = [({"size": size, "shift": shift}, 1.0) for size in (1, 2)]
        version = experiments.by_id(small_lab.db, 1)
        with small_lab.db.transaction():
            register_further(small_lab.db, version, name, points, stopping=Stopping(), why="", now=small_lab.now)

    weigh_three_blocks(small_lab, lambda: prepared(has_shift=True))
    before = scope()
    assert before.startswith("Found for tiny_sum@1: size 1 or 2; with shift 0. 2 configs in 1 design;")
    ask_further("wide", 3)
    ask_further("wider", 5)
    with small_lab.db.transaction():
        register_cohort(small_lab.db, 1, stopping=Stopping(), why="", now=small_lab.now)
    last = "Nothing is claimed beyond that."
    assert scope() == before.replace(last, f"Of wide and wider nothing is weighed yet. {last}")


def test_of_what_is_undecided_it_does_not_say_that_it_holds(browse, small_lab, prepared):
    small_lab.publish(prepared())
    words = browse(small_lab).get("/findings/1.json").json["finding"]["scope"]["words"]
    assert words.startswith("Asked of tiny_sum@1: size 1 or 2. 2 configs in 1 design;")


def test_it_shows_each_part_by_itself(site_of_weighed, found):
    assert [(part["name"], part["seeds"]) for part in found["parts"]["host"]] == [("1", 8), ("2", 8), ("3", 8)]
    platforms = {part["name"]: part["seeds"] for part in found["parts"]["platform"]}
    assert platforms == {"linux-x86_64-avx2": 16, "linux-x86_64-avx512": 8}
    assert [part["name"] for part in found["parts"]["design"]] == ["declared"]
    table = site_of_weighed.get("/figures/finding/1/forest.csv").text.splitlines()
    assert table[0].startswith("Group,Part,Replicates,Missing,Typical value,Low,High")
    assert len(table) == 1 + 2 + 1 + 3
    assert "volunteer" not in found["parts"]


def parts_now(reader) -> dict[str, list[tuple[str, int]]]:
    """The parts that the page's table has, each with its replicates."""
    found = reader.get("/findings/1.json").json["finding"]
    parts = {by: [(one["name"], one["seeds"]) for one in rows] for by, rows in found["parts"].items()}
    rows = found["figures"]["forest"]["rows"]
    assert rows == [row for by in ("platform", "design", "host") for row in rows if row[0] == by]
    assert [(row[1], row[2]) for row in rows] == [one for by in ("platform", "design", "host") for one in parts[by]]
    return parts


def test_a_card_that_was_shown_follows_a_new_line(browse, small_lab, prepared):
    weigh_three_blocks(small_lab, prepared)
    reader = browse(small_lab)
    reader.app._fresh = 0.0
    assert parts_now(reader)["host"] == [("1", 8), ("2", 8), ("3", 8)]
    seen = [Observation(replicate=100 + each, value=1.0 + each, hosts=(2,)) for each in range(8)]
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(4), seen, session_id=None, now=small_lab.now)
    assert parts_now(reader)["host"] == [("1", 8), ("2", 16), ("3", 8)]


@pytest.mark.parametrize(
    ("kind", "centre", "headings"),
    [
        ("sign", "median", ["Median", "Low", "High", "Standard error", "Mean"]),
        ("bernoulli", "share", ["Share", "Low", "High", "Standard error", "Mean"]),
        ("betting", "mean", ["Mean", "Low", "High", "Standard error"]),
    ],
)
def test_a_share_is_called_a_share_and_a_mean_a_mean(browse, weighed_lab, small_lab, prepared, kind, centre, headings):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2, e_kind=kind), [], session_id=None, now=small_lab.now)
    reader = browse(small_lab)
    assert reader.get("/findings/1.json").json["finding"]["evidence"]["centre"] == centre
    assert f"The {centre} of each part and its 95 % interval" in words(reader.get("/findings/1").text)
    reading = Reading(db=weighed_lab.db, folder=weighed_lab.folder, now=weighed_lab.now, name="", live=dict)
    card = evidence_cards.weighed_from(evidence.card_inputs(weighed_lab.db, 1))
    table = evidence_cards.forest(reading, 1, replace(card, evidence=replace(card.evidence, e_kind=kind)))
    assert table["headings"] == ["Group", "Part", "Replicates", "Missing", *headings]
    assert [row[4] for row in table["rows"][-3:]] == [one.estimate for one in card.by("host")]
    assert {len(row) for row in table["rows"]} == {len(table["headings"])}


@pytest.mark.parametrize(
    ("pairs", "badge"),
    [
        ([{"exact": 3}], "reproduced bit for bit"),
        ([{"exact": 3}, {"exact": 2}], "reproduced bit for bit"),
        ([{"exact": 1, "close": 3, "divergent": 1}], "computed again, 1 of 5 bit for bit"),
        ([{"exact": 3}, {"close": 2}], "computed again, 3 of 5 bit for bit"),
        ([{"close": 3}], None),
        ([], None),
    ],
)
def test_its_badge_says_how_many_duplicates_were_exact_unless_all_were(browse, small_lab, prepared, pairs, badge):
    small_lab.publish(prepared())
    agreements = tuple(Agreements(platforms=("a", "b" * place), **pair) for place, pair in enumerate(pairs, start=1))
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2, agreements=agreements), [], session_id=None, now=small_lab.now)
    page = browse(small_lab).get("/findings/1").text
    badges = re.findall(r'<span class="badge">([^<]*)</span>', page)
    assert [each for each in badges if "bit for bit" in each] == ([badge] if badge else [])


def test_nothing_on_it_says_whose_the_hosts_of_a_shy_volunteer_are(site_of_weighed):
    page = site_of_weighed.get("/findings/1").text + site_of_weighed.get("/findings/1.json").text
    for name in ("Shy", "Grace", "third"):
        assert name not in page


def test_a_shy_volunteer_has_no_number_among_those_who_are_left_out(weighed_lab, found):
    (shy, *_) = accounts.by_email(weighed_lab.db, "shy@example.org")
    numbers = [each["number"] for each in found["without"] if each["by"] == "volunteer"]
    assert len(numbers) == 3
    assert shy.id not in numbers
    assert numbers[-1] == -1


def test_sentences_of_older_lines_do_not_number_a_shy_volunteer(browse, small_lab, prepared):
    small_lab.publish(prepared())
    ada, shy = small_lab.volunteer("Ada"), small_lab.volunteer("Shy")
    said = [f"without volunteer {each} the verdict is undecided" for each in (ada, shy)]
    with small_lab.db.transaction():
        accounts.set_profile(
            small_lab.db, shy, name="Shy", country="", website="", is_exported=False, shows_hosts=False
        )
        line = weighed(2, needs=(f"a verdict that holds without each of them: {said[1]}",), reasons=tuple(said))
        record(small_lab.db, 1, line, [], session_id=None, now=small_lab.now)
    reader = browse(small_lab)
    answer = reader.get("/findings/1.json").json["finding"]
    for line in (answer["evidence"], *answer["history"]):
        assert line["reasons"] == [said[0], "without a volunteer who shows no hosts the verdict is undecided"]
    for page in ("/findings/1", "/findings/1.json", "/", "/findings.json"):
        assert f"volunteer {shy}" not in reader.get(page).text
    assert f"volunteer {ada}" in reader.get("/findings/1").text


def test_it_names_the_hosts_on_which_it_never_worked(site_of_weighed, found):
    assert found["never_worked"] == [{"host": 4, "platform": "linux-x86_64-avx2", "tasks": 1, "states": {"failed": 1}}]
    assert '<a href="/hosts/4">4</a>' in site_of_weighed.get("/findings/1").text


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((12, 40), "About 12 more replicates in one case of two, 40 in nine of ten."),
        ((12, 12), "About 12 more replicates."),
        ((0, 0), ""),
        (None, ""),
    ],
)
def test_it_says_how_many_replicates_the_next_grade_still_needs(browse, small_lab, prepared, more, said):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2, more=more), [], session_id=None, now=small_lab.now)
    page = words(browse(small_lab).get("/findings/1").text)
    assert said in page
    assert ("more replicates" in page) == bool(said)


def test_it_says_what_the_next_grade_needs(site_of_weighed, found):
    page = words(site_of_weighed.get("/findings/1").text)
    assert f"Needed for {found['next_grade']}" in page
    for need in found["evidence"]["needs"]:
        assert " ".join(need.split()) in page


def test_how_to_cite_it_names_the_numbers_that_the_page_shows(site_of_weighed, found):
    assert found["cite"].startswith(
        "Small & Sons. Finding 1: The opposite was found of this claim: “A larger size has a larger total”. −"
    )
    assert f"24 replicates, {found['verdict']}" in found["cite"]
    assert found["cite"] in words(site_of_weighed.get("/findings/1").text)


def test_a_suspended_finding_says_why(browse, small_lab, prepared):
    small_lab.publish(prepared())
    with small_lab.db.transaction():
        registrations.set_status(small_lab.db, 1, "suspended", "two seeds gave the same")
    assert "Suspended: two seeds gave the same." in words(browse(small_lab).get("/findings/1").text)


def test_it_can_be_taken_away_from_the_page(site_of_weighed, found):
    assert f'href="{found["export"]}"' in site_of_weighed.get("/findings/1").text
    file = site_of_weighed.get(found["export"])
    assert (file.status, file.headers["content-type"]) == (200, "application/zip")
    assert file.headers["content-disposition"] == 'attachment; filename="finding-1.zip"'
    assert file.body[:2] == b"PK"


@pytest.mark.parametrize("number", ["9", "99999999999999999999"])
def test_a_finding_that_is_none_cannot_be_taken_away(site_of_weighed, number):
    file = site_of_weighed.get(f"/findings/{number}.zip")
    assert (file.status, file.text.startswith("There is no finding") or int(number) > 10) == (404, True)


def test_a_finding_without_evidence_offers_no_file(browse, small_lab, prepared):
    small_lab.publish(prepared())
    reader = browse(small_lab)
    assert reader.get("/findings/1.json").json["finding"]["export"] is None
    assert ".zip" not in reader.get("/findings/1").text
    assert reader.get("/findings/1.zip").status == 404


def test_the_predictions_show_what_they_were_worth(browse, small_lab, prepared):
    small_lab.publish(prepared())
    page = words(browse(small_lab).get("/findings/1").text)
    assert "It is scored when nothing more is ordered of its registration." in page
    worth = {"brier": 1.46, "log_score": -2.3, "interval_score": None, "is_covered": 0}
    about = {"finding_number": 1, "line": 3, "verdict": "effect −", "estimate": -1.0, "reason": "all is back"}
    with small_lab.db.transaction():
        scores.keep(small_lab.db, 1, about | worth, small_lab.now)
    reader = browse(small_lab)
    assert reader.get("/findings/1.json").json["finding"]["predictions"][0]["score"]["brier"] == 1.46
    page = words(reader.get("/findings/1").text)
    assert "catalogue, informed effect − 1.46 −2.30 – no" in page
    assert "all is back" in page


def test_a_finding_of_several_designs_names_them_and_what_a_further_one_would_show(browse, varied_lab):
    reader = browse(varied_lab)
    found = reader.get("/findings/1.json").json["finding"]
    assert [part["name"] for part in found["parts"]["design"]] == ["declared", "wide", "wider", "widest"]
    page = words(reader.get("/findings/1").text)
    assert "wider 3 confirmatory 4 shift 0 or 5; size 1 or 2" in page
    assert "4 designs together: −" in page
    assert "A further design would lie, with probability 95 %, from −" in page
    assert found["pooled"]["prediction_low"] < found["pooled"]["estimate"] < found["pooled"]["prediction_high"]
    assert "from before the claim" not in page


def test_a_claim_that_was_formed_from_data_says_so(browse, varied_lab):
    reader = browse(varied_lab)
    found = reader.get("/findings/2.json").json["finding"]
    page = words(reader.get("/findings/2").text)
    assert (found["exploratory"]["seeds"], found["evidence"]["seeds"]) == (32, 8)
    assert "formed from older data, weighed on fresh" in page
    assert "Beside it stand 32 older replicates, from which the claim was formed" in page
    cohorts = [row[4] for row in found["figures"]["strip"]["rows"]]
    assert (cohorts.count("exploratory"), cohorts.count("confirmatory")) == (32, 8)
