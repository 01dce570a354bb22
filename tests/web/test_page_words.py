"""The words of every page: of a laboratory with something on each, and of one that has just begun."""

import re

import pytest
from golden_file import seen
from map_on_site import publish_map

from axiom.web.account.pages import PAGES as ACCOUNT_PAGES
from axiom.web.site.routes import PAGES

_SHOWN = {
    "/findings/paper": "/findings/paper?of=1,3",
    "/experiments/{name}": "/experiments/tiny_sum",
    **{f"/questions/{{name}}{end}": f"/questions/tiny_sum{end}" for end in ("", "/picture")},
    "/experiments/{name}/former": "/experiments/tiny_sum/former?source=Moon+%26+co",
    "/maps/{name}": "/maps/small_map",
    "/ledger/{name}": "/ledger/2026-03-02-a",
    **{f"/sessions/{{name}}{end}": f"/sessions/2026-03-02-a{end}" for end in ("", "/transcript", "/tasks")},
    "/sessions/{name}/since/{other}": "/sessions/2026-03-02-b/since/2026-03-02-a",
}
_WORDED = [page for page in PAGES if not page.path.startswith("/docs")]  # whose words stand in docs/
_ADDRESSES = [_SHOWN.get(page.path, page.path.replace("{number:number}", "1")) for page in _WORDED]
_LISTS = [page.path for page in _WORDED if "{" not in page.path]


def _anywhere(words: str) -> str:
    """The words without what this computer is like."""
    return re.sub("(?<=free on the disk\n).*", "(so much)", words)


def named(address: str) -> str:
    return address.partition("?")[0].strip("/").replace("/", "-") or "home"


@pytest.mark.parametrize("address", _ADDRESSES)
def test_the_words_of_a_page(address, furnished_site, maps_of, same_words):
    page = (maps_of if address.startswith("/maps") else furnished_site).get(address)
    assert page.status == 200
    same_words(named(address), _anywhere(seen(page.text, whole=address == "/")))


@pytest.mark.parametrize("address", _LISTS)
def test_the_words_where_nothing_is_there_yet(address, empty_site, same_words):
    page = empty_site.get(address)
    assert page.status == 200
    same_words(f"empty/{named(address)}", _anywhere(seen(page.text)))


def test_the_words_of_a_map_without_a_tile_and_of_a_finding_with_real_results(
    browse, small_lab, same_words, weighed_site
):
    publish_map(small_lab)
    same_words("empty/maps-small_map", seen(browse(small_lab).get("/maps/small_map").text))
    same_words("weighed-finding", seen(weighed_site.get("/findings/1").text))


@pytest.mark.parametrize("code", ["en", "de"])
def test_the_words_of_an_account(ada, code, same_words):
    ada.cookies["lang"] = code
    paths = [path for path, page in ACCOUNT_PAGES.items() if page.is_private]
    replies = [ada.ask(path) for path in paths]
    replies += [ada.post("/account/profile", name="", website="javascript:alert(1)")]
    replies += [ada.post("/account/preferences", resource_share="many"), ada.post("/account/erase", password="x")]  # noqa: S106
    ada.cookies.pop("axiom")
    replies += [ada.ask(path) for path, page in ACCOUNT_PAGES.items() if not page.is_private]
    same_words(f"account-{code}", "\n\n".join(seen(reply.text) for reply in replies))
