"""The list of findings: one page of it after the other, with what was asked."""

import re

import pytest
from evidence_lines import record
from furnished_lab import fill, weighed

from axiom.domain.findings import Observation
from axiom.web.site.templates import environment


@pytest.fixture
def reader(browse, small_lab, prepared, sound):
    """Two findings, of which one is weighed."""
    fill(small_lab, prepared)
    small_lab.publish(sound)
    return browse(small_lab)


def pages_of(reader, words: str) -> list[dict]:
    """Every page, from the first on, by the addresses that each of them names."""
    found, address = [], f"/findings.json?{words}"
    while address:
        found.append(reader.get(address).json | {"address": address})
        address = found[-1]["next"]
    return found


@pytest.mark.parametrize("words", ["", "q=a&", "grade=Awaiting&"])
def test_each_finding_that_is_asked_for_stands_on_one_page(reader, monkeypatch, words):
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 1)
    found = pages_of(reader, words)
    assert len(found) == found[0]["matching"] == found[0]["of"] == 2
    assert len({row["number"] for page in found for row in page["findings"]}) == 2
    first, last = (page["findings"][0]["number"] for page in found)
    assert [page["previous"] for page in found] == [None, f"/findings.json?{words}until=1&from={first}"]
    assert [page["next"] for page in found] == [f"/findings.json?{words}until=1&from={last}", None]


def test_what_is_weighed_comes_before_what_waits(reader):
    rows = reader.get("/findings.json").json["findings"]
    assert [row["evidence"] is None for row in rows] == sorted(row["evidence"] is None for row in rows)
    assert {row["evidence"] is None for row in rows} == {False, True}


def test_from_a_finding_that_is_not_there_the_first_page_is_shown(reader, monkeypatch):
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 1)
    first, last = (page["findings"] for page in pages_of(reader, ""))
    for number in ("999", "-1x"):
        assert reader.get(f"/findings.json?from={number}").json["findings"] == first
    assert "Next page" in reader.get("/findings").text
    assert "Page before" in reader.get(f"/findings?from={last[0]['number']}").text


def test_whoever_turns_pages_misses_nothing_that_is_registered_or_weighed_meanwhile(
    browse, small_lab, prepared, monkeypatch
):
    monkeypatch.setattr("axiom.web.base.paging.LENGTH", 2)

    def weigh(number: int) -> None:
        with small_lab.db.transaction():
            record(small_lab.db, number, weighed(2), [], session_id=None, now=small_lab.now)

    for version in range(1, 7):
        small_lab.publish(prepared(version=version))
    seen: list[int] = []
    for number in (2, 3, 5):
        weigh(number)
    address, changes = "/findings.json", iter((lambda: weigh(6), lambda: small_lab.publish(prepared(version=9))))
    while address:
        found = browse(small_lab).get(address).json
        seen += [row["number"] for row in found["findings"]]
        address = found["next"]
        next(changes, lambda: None)()
    assert seen == [5, 3, 2, 6, 4, 1]


def test_a_picture_s_data_is_cut_on_the_page_which_says_so_and_whole_elsewhere(browse, small_lab, prepared):
    small_lab.publish(prepared())
    seen = [Observation(replicate=each, value=each / 1000, hosts=(1,)) for each in range(201)]
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(26), seen, session_id=None, now=small_lab.now)
    reader = browse(small_lab)
    page = reader.get("/findings/1").text
    table = page.partition("Data of figure 2")[2].partition("</details>")[0]
    assert "The last 200 of 201 rows; the CSV has them all." in table
    assert table.count("<tr>") == 201  # with that of the headings
    assert page.count("rows; the CSV has them all") == 1
    assert len(reader.get("/findings/1.json").json["finding"]["figures"]["strip"]["rows"]) == 201
    assert reader.get("/figures/finding/1/strip.csv").text.count("\n") == 202


@pytest.mark.parametrize(("is_course", "said", "shown"), [(True, "last", range(1, 201)), (False, "first", range(200))])
def test_of_a_course_the_newest_rows_are_shown_and_of_anything_else_the_first(is_course, said, shown):
    figure = {
        "headings": ["n"],
        "rows": [[each] for each in range(201)],
        "is_course": is_course,
        "has_series": False,
        "csv": "",
        "svg": None,
    }
    made = '{% import "parts.html" as parts %}{% call parts.plate(figure, [], 1, "soon") %}{% endcall %}'
    text = environment().from_string(made).render(figure=figure)
    assert f"The {said} 200 of 201 rows; the CSV has them all." in text
    assert re.findall(r'<td class="num">(\d+)</td>', text) == [str(each) for each in shown]


def test_a_claim_that_is_asked_again_is_found_and_one_at_other_levels_is_new(browse, small_lab, prepared):
    small_lab.publish(prepared())
    reader = browse(small_lab)
    known = reader.get("/findings/1.json").json["finding"]
    words = f"claim={known['claim']}&measure={known['measure']}".replace(" ", "+")
    found = reader.get(f"/findings/near.json?{words}").json["near"]
    assert (found["is_known"], found["finding"], found["nearest"][0]["number"]) == (True, 1, 1)
    other = reader.get(f"/findings/near.json?{words}&factors=size=99;<b>shade").json["near"]
    assert not other["is_known"]
    assert other["nearest"][0]["differs"]["levels"] == {"size": ["99"]}
    assert other["nearest"][0]["differs"]["factors"] == ["<b>shade"]
    assert "<b>shade" not in reader.get(f"/findings/near?{words}&factors=size=99;<b>shade").text
    assert reader.get("/findings/near.json").json["near"]["nearest"] == []


def test_the_list_comes_in_the_order_that_is_asked_for_and_says_what_it_cannot_mean(reader):
    every = {row["number"] for row in reader.get("/findings.json").json["findings"]}
    for words in ("order=surest", "order=surprising", "order=newest"):
        rows = reader.get(f"/findings.json?{words}").json["findings"]
        assert {row["number"] for row in rows} == every
        assert [row["evidence"] is None for row in (rows[0], rows[-1])] == [False, True]
    wrong = reader.get("/findings.json?order=loudest").json
    assert wrong["findings"] == []
    assert "order=loudest" in wrong["misread"][0]


def test_what_was_decided_lately_and_a_theme_choose_among_findings(browse, small_lab, prepared):
    fill(small_lab, prepared)
    reader = browse(small_lab)
    (row,) = [row for row in reader.get("/findings.json").json["findings"] if row["evidence"]]
    week = reader.get("/findings.json?since=week").json["findings"]
    assert [one["number"] for one in week] == [row["number"]] * (row["verdict"] not in ("undecided", "mixed"))
    assert reader.get("/findings.json?theme=Smaller+networks").json["findings"] == []  # none of the catalogue's is here
