"""Ideas on the site: what is not shown to all is on no page, in no file and behind no number; lists come in pages."""

from furnished_lab import HOSTILE, UNSHOWN

from axiom.domain.proposals import Idea
from axiom.store.registrations import ideas


def test_what_waits_to_be_shown_is_on_no_page(site_of):
    for address in ("/ideas", "/ideas.json", "/ideas?state=open", "/volunteers/2", "/volunteers/2.json"):
        assert UNSHOWN not in site_of.get(address).text
    assert [row["number"] for row in site_of.get("/ideas.json").json["ideas"]] == [2, 1]
    missing, never = (site_of.get(f"/ideas/{number}.json") for number in (3, 4))
    assert (missing.status, never.status) == (404, 404)
    assert missing.text.replace("3", "4") == never.text  # nobody learns which of the two it is


def test_hostile_words_are_shown_as_they_were_written(site_of):
    for address in ("/ideas", "/ideas/1"):
        assert HOSTILE not in site_of.get(address).text
    found = site_of.get("/ideas/1.json").json["idea"]
    assert (found["question"], found["state"], found["asked_by_proposal"]) == (f"Is it {HOSTILE}?", "taken", 1)


def test_a_state_chooses_and_an_unknown_one_is_said(site_of):
    assert [row["number"] for row in site_of.get("/ideas.json?state=taken").json["ideas"]] == [1]
    misread = site_of.get("/ideas.json?state=withdrawn")
    assert (misread.status, misread.json["ideas"]) == (400, [])


def test_many_ideas_come_in_pages_newest_first(empty_site, small_lab):
    with small_lab.db.transaction():
        for number in range(1, 121):
            idea = Idea(question=f"Question {number}?", why="a test", by="operator")
            ideas.add(small_lab.db, idea, is_shown=True, now=small_lab.now)
    address, seen = "/ideas.json?state=open", []
    while address:
        page = empty_site.get(address).json
        seen += [row["number"] for row in page["ideas"]]
        address = page["next"]
    assert seen == list(range(120, 0, -1))
    assert page["of"] == 120
