"""Pages of what goes wrong and of what is waited for: grouped, in our words, and with what it suggests."""

import pytest
from furnished_lab import HOSTILE, fill

from axiom.domain.failures import Comparison
from axiom.lab.experiments.withdraw import withdraw
from axiom.lab.steps.failures import count
from axiom.lab.steps.watch import look_for
from axiom.store.upkeep import watches


@pytest.fixture
def furnished(small_lab, prepared):
    """A laboratory with something on every page, for one test alone."""
    fill(small_lab, prepared)
    return small_lab


@pytest.fixture
def counted(furnished, browse):
    """Its site after its closed tasks were counted."""
    furnished.later(days=1)
    with furnished.db.transaction():
        count(furnished.db, furnished.now)
    return browse(furnished)


@pytest.fixture
def watched(furnished, browse):
    """A watch that is met and one that waits."""
    with furnished.db.transaction():
        for threshold, sentence in ((0.0, f"It is there. {HOSTILE}"), (1e9, "It never is.")):
            watches.register(
                furnished.db,
                experiment_id=1,
                sentence=sentence,
                measure="total",
                comparison=Comparison.ABOVE,
                threshold=threshold,
                now=furnished.now,
            )
        look_for(furnished.db, furnished.now)
    return browse(furnished)


def test_each_group_says_what_it_is_where_and_what_it_suggests(counted):
    answer = counted.get("/failures.json").json
    assert answer["of"] == len(answer["failures"]) > 1
    by_cause = {row["cause"]: row for row in answer["failures"]}
    limit = by_cause["time-limit"]
    assert (limit["experiment"], limit["blame"], limit["tasks"]) == ("tiny_sum@1", "unclear", 1)
    assert limit["hosts"] == [{"host": 2, "tasks": 1, "works": False}]
    assert limit["works_on_count"] >= 1
    assert limit["look_at"] == "the host"
    assert by_cause["not-as-ordered"]["in_words"] == "what came back is not what was ordered"
    page = counted.get("/failures").text
    assert "It went over its time limit" in page
    assert 'href="/hosts/2"' in page
    assert "The host: it fails on this host alone" in page


def test_a_hosts_own_words_are_on_no_page(furnished, counted):
    assert furnished.db.select("SELECT reason FROM task WHERE reason LIKE '%<script>%'")
    for path in ("/failures", "/failures.json"):
        assert "script>" not in counted.get(path).text


def test_one_version_can_be_asked_for_and_an_unknown_one_is_not_found(counted):
    assert counted.get("/failures.json?experiment=tiny_sum@1").json["experiment"] == "tiny_sum@1"
    assert counted.get("/failures.json?experiment=tiny_sum").json["of"] > 1
    missing = counted.get("/failures.json?experiment=nobody")
    assert (missing.status, missing.json["error"]["kind"]) == (404, "NotFound")


def test_a_version_that_was_stopped_is_named_with_its_reason(furnished, counted):
    with furnished.db.transaction():
        withdraw(furnished.db, 1, "nine of ten failed", furnished.now)
    (stopped,) = counted.get("/failures.json").json["stopped"]
    assert (stopped["experiment"], stopped["why"]) == ("tiny_sum@1", "nine of ten failed")
    assert "nine of ten failed" in counted.get("/failures").text


def test_where_nothing_went_wrong_that_is_said(empty_site):
    assert empty_site.get("/failures.json").json["failures"] == []
    assert "Nothing has gone wrong" in empty_site.get("/failures").text
    assert "Nobody waits for anything" in empty_site.get("/watches").text
    assert empty_site.get("/index.json").json["home"]["watches"] == []


def test_a_watch_that_is_met_stands_on_the_front_page_until_somebody_ends_it(furnished, watched, browse):
    met, waiting = sorted(watched.get("/watches.json").json["watches"], key=lambda row: row["number"])
    assert (met["state"], met["predicate"], met["value"]) == ("met", "total > 0", 0.5)
    assert met["hits"] > 0
    assert (waiting["state"], waiting["hits"], waiting["value"]) == ("waiting", 0, None)
    page = watched.get("/").text
    assert "It is there. " in page
    assert "It never is." not in page
    assert "<script>" not in page
    assert "&lt;script&gt;" in watched.get("/watches").text
    with furnished.db.transaction():
        watches.end(furnished.db, met["number"], furnished.now)
    after = browse(furnished)
    assert after.get("/index.json").json["home"]["watches"] == []
    assert {row["state"] for row in after.get("/watches.json").json["watches"]} == {"ended", "waiting"}
