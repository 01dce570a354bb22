"""What the operator says stands on the front page for a while, in the news and in both feeds; and as it was written."""

import xml.etree.ElementTree as ET
from datetime import timedelta

import pytest
from furnished_lab import fill

from axiom.store.sessions import news
from axiom.web.base.request import Reading
from axiom.web.views.news import feed

ATOM = "{http://www.w3.org/2005/Atom}"
LINE = "The server <moves> on Saturday & is back on Sunday."


@pytest.fixture
def lab(small_lab):
    """Two things were said, a day apart; the first for an hour, the second for two days."""
    with small_lab.db.transaction():
        news.add(small_lab.db, line="We begin.", text="", until=small_lab.now + timedelta(hours=1), now=small_lab.now)
    small_lab.later(days=1)
    text = "Clients wait & go on.\n\nNothing <is> lost."
    with small_lab.db.transaction():
        news.add(small_lab.db, line=LINE, text=text, until=small_lab.now + timedelta(days=2), now=small_lab.now)
    return small_lab


def on_front_page(browse, lab) -> list[str]:
    return [one["line"] for one in browse(lab).get("/index.json").json["home"]["said"]]


def test_the_front_page_shows_it_until_its_time_is_over(browse, lab):
    page = browse(lab).get("/").text
    assert "The server &lt;moves&gt; on Saturday &amp; is back on Sunday." in page
    assert "Clients wait &amp; go on." in page
    assert "Nothing &lt;is&gt; lost." not in page, "the first paragraph is enough here"
    assert on_front_page(browse, lab) == [LINE]
    lab.later(days=3)
    assert on_front_page(browse, lab) == []
    assert "The server &lt;moves&gt;" not in browse(lab).get("/").text


def test_the_news_keep_all_of_it_the_newest_first(browse, lab):
    site = browse(lab)
    assert [one["line"] for one in site.get("/news.json").json["said"]] == [LINE, "We begin."]
    page = site.get("/news").text
    assert 'id="news-2"' in page
    assert "<p>Nothing &lt;is&gt; lost.</p>" in page
    assert "No news yet" not in page


def test_both_feeds_bring_it_with_its_text(browse, lab):
    entries = list(ET.fromstring(browse(lab).get("/news.atom").body).iter(f"{ATOM}entry"))
    assert [entry.findtext(f"{ATOM}title") for entry in entries] == [LINE, "We begin."]
    assert entries[0].findtext(f"{ATOM}summary").startswith("Clients wait & go on.")
    reading = Reading(db=lab.db, folder=lab.folder, now=lab.now, name="Small", live=dict)
    items = list(ET.fromstring(feed(reading, "https://lab.example/")).iter("item"))
    assert [item.findtext("title") for item in items] == [LINE, "We begin."]
    assert items[0].findtext("link") == "https://lab.example/news#news-2"
    assert items[1].findtext("description") == "We begin."


def test_what_is_withdrawn_is_nowhere(browse, lab):
    with lab.db.transaction():
        assert news.withdraw(lab.db, 2, lab.now)
        assert not news.withdraw(lab.db, 2, lab.now)
    assert on_front_page(browse, lab) == []
    assert [one["line"] for one in browse(lab).get("/news.json").json["said"]] == ["We begin."]
    assert "moves" not in browse(lab).get("/news.atom").text


def test_a_finding_is_news_once_it_is_decided_and_a_client_hears_of_it_a_day_later(browse, small_lab, prepared):
    fill(small_lab, prepared)
    (row,) = [row for row in browse(small_lab).get("/findings.json").json["findings"] if row["evidence"]]
    (told,) = browse(small_lab).get("/news.json").json["news"]
    assert (told["number"], told["line"]) == (row["number"], f"We now know: {row['answer']}")
    entries = [entry.findtext(f"{ATOM}title") for entry in ET.fromstring(browse(small_lab).get("/news.atom").body)]
    assert told["line"] in entries
    for days, amount in ((0, 0), (1, 1)):
        now = small_lab.now + timedelta(days=days)
        reading = Reading(db=small_lab.db, folder=small_lab.folder, now=now, name="Small", live=dict)
        items = [item.findtext("title") for item in ET.fromstring(feed(reading, "https://lab.example/")).iter("item")]
        assert items.count(told["line"]) == amount
