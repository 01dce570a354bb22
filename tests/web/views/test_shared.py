"""What is told where somebody shares a page: the answer, what it rests on, and the address of its card."""

import re
from html import unescape

import pytest
from furnished_lab import draw, fill

from axiom.store.registrations import registrations

MASTER = "https://lab.example/"


def told(page: str) -> dict[str, str]:
    """What the head of a page says of it, by its property or name."""
    return {
        name: unescape(content)
        for name, content in re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', page)
    }


@pytest.fixture
def lab(small_lab, prepared):
    fill(small_lab, prepared)
    draw(small_lab, "finding/1/card", 660)
    small_lab.db.execute("UPDATE figure SET name = 'finding/1/card' WHERE name = 'finding/1/card/660'")
    return small_lab


def reader(browse, lab, **more):
    found = browse(lab, state="running", parts={}, **more)
    found.app._fresh = 0.0
    return found


def test_a_shared_page_tells_the_answer_and_where_its_card_is(browse, lab):
    site = reader(browse, lab, master=MASTER)
    answer = site.get("/findings/1.json").json["finding"]["answer"]
    said = {path: told(site.get(path).text) for path in ("/", "/findings/1", "/experiments/tiny_sum@1")}
    assert said["/findings/1"]["og:title"] == answer
    assert said["/findings/1"]["og:description"].startswith("effect +, as claimed, grade Moderate. We asked: What")
    assert said["/"]["og:title"] == f"Small & Sons: {answer}"
    assert said["/experiments/tiny_sum@1"]["og:title"] == answer
    assert said["/experiments/tiny_sum@1"]["og:description"] == "We asked: What is the sum?"
    for page in said.values():
        assert re.fullmatch(f"{MASTER}figures/finding/1/card.png\\?v=[0-9a-f]{{8}}", page["og:image"])
        assert page["twitter:card"] == "summary_large_image"
        card = site.get(page["og:image"].removeprefix(MASTER.rstrip("/")))
        assert (card.status, card.headers["content-type"]) == (200, "image/png")


def test_what_a_page_tells_follows_the_state_of_its_finding(browse, lab):
    with lab.db.transaction():
        registrations.set_status(lab.db, 1, "suspended", "a test")
    site = reader(browse, lab, master=MASTER)
    assert told(site.get("/findings/1").text)["og:title"].startswith("Suspended: ")
    said = told(site.get("/experiments/tiny_sum@1").text)
    assert (said["og:title"], "og:image" in said) == ("What is the sum?", False)


@pytest.mark.parametrize("path", ["/", "/findings/1", "/experiments/tiny_sum@1"])
def test_without_an_address_of_its_own_a_laboratory_names_no_card(browse, lab, path):
    said = told(reader(browse, lab).get(path).text)
    assert "og:image" not in said
    assert said["twitter:card"] == "summary"
    assert said["og:title"]
