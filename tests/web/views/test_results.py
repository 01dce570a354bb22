"""The table of results: the address says which, in which order, and from which on."""

import csv
import io
from html import unescape
from urllib.parse import parse_qsl, urlsplit

from axiom.limits import results as limits
from axiom.reads import results
from axiom.reads.base.request import Reading
from axiom.store.views.results import ResultQuery, list_results


def test_the_address_chooses_results_and_their_order(site_of):
    for query, rows in (
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
    ):
        reply = site_of.get(f"/results.json?{query}").json
        assert [(row["replicate"], row["config"]["size"]) for row in reply["results"]] == rows, query
        assert reply["is_beyond"] == ("page=9" in query)
        assert site_of.get(f"/results?{query}").status == 200
    assert "sort=" not in site_of.get("/results").text
    assert "<option selected>tiny_sum@1</option>" in site_of.get("/results?experiment=tiny_sum@1").text
    assert "sort=seconds" in site_of.get("/results?experiment=tiny_sum").text


def test_what_is_mistyped_shows_nothing_and_is_named_in_every_form(site_of):
    for query, fact in (
        *(("experiment=unknown", "unknown"), ("experiment=tiny_sum@2", "tiny_sum@2")),
        *(("experiment=tiny_sum@first", "tiny_sum@first"), ("outcome=nonsense", "outcome=nonsense")),
        *(("replicate=-1", "replicate=-1"), ("page=" + "9" * 16, "page=9999999999999999")),
        *(("experiment=tiny_sum&sort=size", "sort=size"), ("experiment=tiny_sum&sise=1", "tiny_sum has size")),
        (f"outcome=%1b{'<i>' * 20}", f"outcome= {'<i>' * 12}<i…"),
    ):
        reply = site_of.get(f"/results.json?{query}")
        assert reply.status == 400, query
        assert reply.json["results"] == []
        assert len(reply.json["misread"]) == 1
        assert fact in reply.json["misread"][0]
        page, taken = site_of.get(f"/results?{query}"), site_of.get(f"/results.csv?{query}")
        assert page.status == 400, query
        assert fact in unescape(page.text)
        assert "<i>" not in page.text
        assert taken.status == 400, query
        assert fact in taken.text
        assert taken.headers["content-type"][:10] == "text/plain"


def test_the_csv_holds_what_the_address_chooses_and_says_where_it_was_cut(site_of, full):
    rows = list(csv.DictReader(io.StringIO(site_of.get("/results.csv?experiment=tiny_sum&size=1").text)))
    assert [(row["replicate"], row["size"], row["total"]) for row in rows] == [("0", "1", "0.5"), ("1", "1", "0.5")]
    assert rows[0]["experiment"] == "tiny_sum"
    page = site_of.get("/results.json?experiment=tiny_sum&sort=-replicate&page=2").json
    assert page["csv"] == "/results.csv?experiment=tiny_sum&sort=-replicate"
    for address in (page["csv"], f"{page['csv']}&page=2"):
        rows = list(csv.DictReader(io.StringIO(site_of.get(address).text)))
        assert [(row["replicate"], row["size"]) for row in rows] == [("1", "1"), ("1", "2"), ("0", "1"), ("0", "2")]
    for limit in (3, 4):  # of four results
        _, rows = results.flat_results_table(read(full), limit)
        assert len([row for row in rows if len(row) > 1]) == limit
        assert (len(rows[-1]) == 1) == (limit < 4)  # the last line says where it was cut off


def read(lab, query=None) -> Reading:
    return Reading(db=lab.db, folder=lab.folder, now=lab.now, name="", live=dict, query=query or {})


def test_pages_follow_each_other_and_stand_still_while_results_come(full, site_of):
    everything = site_of.get("/results.json?experiment=tiny_sum&sort=x&page=y&outcome=z&replicate=x&a=1&b=2")
    assert len(everything.json["misread"]) == 6
    assert [row.id for row in list_results(full.db, ResultQuery(experiment_id=1, limit=3))] == [4, 3, 2]
    assert [row.id for row in list_results(full.db, ResultQuery(experiment_id=1, limit=3, skip=3))] == [1]
    assert [row.id for row in list_results(full.db, ResultQuery(until=3))] == [3, 2, 1]
    reply = site_of.get("/results.json?experiment=tiny_sum").json
    assert all(row["seed_text"] == str(row["seed"]) for row in reply["results"])  # JavaScript rounds the number
    assert (reply["page"], reply["next"], reply["previous"]) == (1, None, None)
    previous = site_of.get("/results.json?experiment=tiny_sum&page=2").json["previous"]
    assert previous == "/results.json?experiment=tiny_sum&page=1"
    first = results.results_page(read(full, {"until": "3"}), 2)
    second = results.results_page(read(full, dict(parse_qsl(urlsplit(first["next"]).query))), 2)
    assert len(first["results"]) == 2
    assert len(second["results"]) == 1
    assert second["next"] is None
    beyond = results.results_page(read(full, {"page": "17"}), 1)
    assert (beyond["results"], beyond["page"], beyond["is_beyond"]) == ([], 17, True)
    assert beyond["previous"] == "/results?page=4"
    nothing = results.results_page(read(full, {"page": "17", "outcome": "late"}), 1)
    assert (nothing["is_beyond"], nothing["previous"]) == (False, None)


def test_the_last_page_that_may_be_asked_for_says_so(full, monkeypatch):
    monkeypatch.setattr(limits, "RESULT_PAGES", 2)
    last = results.results_page(read(full, {"page": "2"}), 1)
    assert len(last["results"]) == 1
    assert last["next"] is None
    assert last["ends_early"] is True
    first = results.results_page(read(full, {"page": "1"}), 1)
    assert (first["next"], first["ends_early"]) == ("/results?page=2&until=4", False)


def test_a_factor_that_is_called_as_another_column_has_another_name(small_lab, prepared, browse):
    small_lab.host()
    for number, factor in ((1, "page"), (2, "replicate")):
        small_lab.publish(prepared(factor=factor, version=number))
        small_lab.deploy(number)
        order = small_lab.order(1)
        small_lab.report(order, small_lab.output(order))
        small_lab.validate()
    reader = browse(small_lab)
    whole = reader.get("/results.json?experiment=tiny_sum@1&page=1").json
    assert [row["config"]["page"] for row in whole["results"]] == [1, 2]
    assert whole["fields"] == {"page": "factor_page"}
    assert len(reader.get("/results.json?experiment=tiny_sum@1&factor_page=2").json["results"]) == 1
    assert 'name="factor_page"' in reader.get("/results?experiment=tiny_sum@1").text
    header = next(csv.reader(io.StringIO(reader.get("/results.csv?experiment=tiny_sum@2").text)))
    assert header[:6] == ["experiment", "version", "replicate", "seed", "factor_replicate", "count"]
    assert len(set(header)) == len(header)
