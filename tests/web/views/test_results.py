"""The table of results: the address says which, in which order, and from which on."""

import csv
import io
from dataclasses import replace
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import pytest

from axiom.store.views.results import Wanted, listed
from axiom.web.base.request import Reading
from axiom.web.views import results


def cells(reply) -> list[tuple[int, int]]:
    return [(row["replicate"], row["config"]["size"]) for row in reply.json["results"]]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [(1, 2), (1, 1), (0, 2), (0, 1)]),
        ("experiment=tiny_sum", [(0, 1), (0, 2), (1, 1), (1, 2)]),
        ("experiment=tiny_sum@1&size=2", [(0, 2), (1, 2)]),
        ("experiment=tiny_sum&size=2.0", [(0, 2), (1, 2)]),
        ("experiment=tiny_sum&size=7", []),
        ("experiment=tiny_sum&size=large", []),
        ("experiment=tiny_sum&replicate=1&sort=-replicate", [(1, 1), (1, 2)]),
        ("experiment=tiny_sum&sort=-replicate", [(1, 1), (1, 2), (0, 1), (0, 2)]),
        ("experiment=tiny_sum&sort=seconds", [(0, 1), (0, 2), (1, 1), (1, 2)]),
        ("sort=seconds", [(1, 2), (1, 1), (0, 2), (0, 1)]),  # an order needs an experiment
        ("outcome=late", []),
        ("outcome=ok&page=99999999999", []),
        ("experiment=tiny_sum&outcome=&replicate=&sort=&size=2&width=", [(0, 2), (1, 2)]),  # as a form sends it
    ],
)
def test_the_address_chooses(site_of, query, found):
    assert cells(site_of.get(f"/results.json?{query}")) == found
    page = site_of.get(f"/results?{query}")
    assert page.status == 200
    is_beyond = "page=9" in query
    assert ("No result has all of this" in page.text) == (not found and not is_beyond)
    assert ("These results end before page" in page.text) == is_beyond


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("experiment=unknown", "There is no experiment unknown."),
        ("experiment=tiny_sum@2", "There is no experiment tiny_sum@2."),
        ("experiment=tiny_sum@first", "There is no experiment tiny_sum@first."),
        ("outcome=nonsense", "outcome=nonsense means nothing here; outcome is ok, late, diverged or failed."),
        ("replicate=-1", "replicate=-1 means nothing here; replicate is a whole number."),
        ("page=" + "9" * 16, "page=9999999999999999 means nothing here; page is a whole number."),
        (
            "experiment=tiny_sum&sort=size",
            "sort=size means nothing here; sort is newest, replicate, -replicate, seconds or -seconds.",
        ),
        ("experiment=tiny_sum&sise=1", "sise is nothing that can be asked for here; tiny_sum has size."),
        (f"outcome=%1b{'<i>' * 20}", f"outcome= {'<i>' * 12}<i… means nothing here"),
    ],
)
def test_what_is_mistyped_shows_nothing_and_says_so(site_of, query, said):
    reply = site_of.get(f"/results.json?{query}")
    assert (reply.status, reply.json["results"], len(reply.json["misread"])) == (400, [], 1)
    assert reply.json["misread"][0].startswith(said)
    page = site_of.get(f"/results?{query}")
    assert page.status == 400
    assert said in unescape(page.text)
    assert "<i>" not in page.text
    taken = site_of.get(f"/results.csv?{query}")
    assert (taken.status, taken.text.startswith(said)) == (400, True)
    assert taken.headers["content-type"].startswith("text/plain")


def test_everything_that_is_mistyped_is_said(site_of):
    reply = site_of.get("/results.json?experiment=tiny_sum&sort=x&page=y&outcome=z&replicate=x&a=1&b=2")
    assert len(reply.json["misread"]) == 6


def test_a_page_has_a_hundred_rows_and_leads_to_the_next(full, site_of):
    first = listed(full.db, Wanted(experiment_id=1, limit=3))
    assert [row.id for row in first] == [4, 3, 2]
    assert [row.id for row in listed(full.db, Wanted(experiment_id=1, limit=3, skip=3))] == [1]
    reply = site_of.get("/results.json?experiment=tiny_sum").json
    assert all(row["seed_text"] == str(row["seed"]) for row in reply["results"])  # JavaScript rounds the number
    assert (reply["page"], reply["next"], reply["previous"]) == (1, None, None)
    assert (
        site_of.get("/results.json?experiment=tiny_sum&page=2").json["previous"]
        == "/results.json?experiment=tiny_sum&page=1"
    )


def test_pages_stand_still_while_results_come(full):
    reading = Reading(db=full.db, folder=full.folder, now=full.now, name="", live=dict, query={"until": "3"})
    first = results.listed(reading, 2)
    query = dict(parse_qsl(urlsplit(first["next"]).query))
    second = results.listed(replace(reading, query=query), 2)
    assert [row.id for row in listed(full.db, Wanted(until=3))] == [3, 2, 1]
    assert (len(first["results"]), len(second["results"]), second["next"]) == (2, 1, None)


def test_a_page_beyond_the_last_leads_back_to_the_last(full):
    reading = Reading(db=full.db, folder=full.folder, now=full.now, name="", live=dict, query={"page": "17"})
    beyond = results.listed(reading, 1)
    assert (beyond["results"], beyond["page"], beyond["is_beyond"], beyond["previous"]) == (
        [],
        17,
        True,
        "/results?page=4",
    )
    nothing = results.listed(replace(reading, query={"page": "17", "outcome": "late"}), 1)
    assert (nothing["is_beyond"], nothing["previous"]) == (False, None)


@pytest.fixture
def confusing(small_lab, prepared, browse):
    """A site whose one factor is called as what the address asks for."""
    small_lab.publish(prepared(factor="page"))
    small_lab.host()
    small_lab.deploy(workunits=2)
    for _ in range(2):
        small_lab.later(minutes=1)
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
    assert small_lab.validate() == 2
    return browse(small_lab)


def test_a_factor_that_is_called_as_what_the_address_asks_for_is_asked_for_by_another_name(confusing):
    whole = confusing.get("/results.json?experiment=tiny_sum&page=1").json
    assert [row["config"]["page"] for row in whole["results"]] == [1, 2, 1, 2]
    assert whole["fields"] == {"page": "factor_page"}
    assert len(confusing.get("/results.json?experiment=tiny_sum&factor_page=2").json["results"]) == 2
    assert 'name="factor_page"' in confusing.get("/results?experiment=tiny_sum").text


def test_no_two_columns_of_the_csv_have_one_name(small_lab, prepared, browse):
    small_lab.publish(prepared(factor="replicate"))
    small_lab.host()
    small_lab.deploy()
    order = small_lab.order(1)
    small_lab.report(order, small_lab.output(order))
    assert small_lab.validate() == 1
    header = next(csv.reader(io.StringIO(browse(small_lab).get("/results.csv").text)))
    assert header[:6] == ["experiment", "version", "replicate", "seed", "factor_replicate", "count"]
    assert len(set(header)) == len(header)


def test_the_csv_is_one_flat_table(site_of):
    text = site_of.get("/results.csv?experiment=tiny_sum&size=1").text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["replicate"], row["size"], row["total"]) for row in rows] == [("0", "1", "0.5"), ("1", "1", "0.5")]
    assert rows[0]["experiment"] == "tiny_sum"


def test_the_csv_of_any_page_begins_with_the_first_row_and_keeps_filter_and_order(site_of):
    page = site_of.get("/results.json?experiment=tiny_sum&sort=-replicate&page=2").json
    assert page["csv"] == "/results.csv?experiment=tiny_sum&sort=-replicate"
    for address in (page["csv"], f"{page['csv']}&page=2"):
        rows = list(csv.DictReader(io.StringIO(site_of.get(address).text)))
        assert [(row["replicate"], row["size"]) for row in rows] == [("1", "1"), ("1", "2"), ("0", "1"), ("0", "2")]


@pytest.mark.parametrize(("limit", "amount", "cut"), [(3, 3, True), (4, 4, False)])
def test_a_csv_that_is_cut_off_says_so_in_its_last_line(full, limit, amount, cut):
    _, rows = results.table(Reading(db=full.db, folder=full.folder, now=full.now, name="", live=dict), limit)
    assert len([row for row in rows if len(row) > 1]) == amount
    assert (
        rows[-1][0] == "cut off after 3 rows; choose fewer, or take all of an experiment with axiom data export"
    ) == cut


def test_a_page_sorts_within_an_experiment_alone(site_of):
    assert "sort=" not in site_of.get("/results").text
    assert "sort=seconds" in site_of.get("/results?experiment=tiny_sum").text


def test_the_last_page_says_that_there_are_more(full, site_of, monkeypatch):
    monkeypatch.setattr(results, "_LAST_PAGE", 2)
    reading = Reading(db=full.db, folder=full.folder, now=full.now, name="", live=dict, query={"page": "2"})
    last = results.listed(reading, 1)
    assert (len(last["results"]), last["next"], last["ends_early"]) == (1, None, True)
    assert results.listed(replace(reading, query={"page": "1"}), 1)["next"] == "/results?page=2&until=4"
    assert "no further page" not in site_of.get("/results").text
