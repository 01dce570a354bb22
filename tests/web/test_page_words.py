"""The words of every page: of a laboratory with something on each, and of one that has just begun."""

import re

import pytest
from furnished_lab import fill, furnish_more, weigh_three_blocks
from golden_file import seen
from map_on_site import publish_map

from axiom.web.site.routes import PAGES

_SHOWN = {
    "/findings/paper": "/findings/paper?of=1,3",
    "/experiments/{name}": "/experiments/tiny_sum",
    "/maps/{name}": "/maps/small_map",
    "/ledger/{name}": "/ledger/2026-03-02-a",
    "/sessions/{name}": "/sessions/2026-03-02-a",
    "/sessions/{name}/since/{other}": "/sessions/2026-03-02-b/since/2026-03-02-a",
    "/sessions/{name}/transcript": "/sessions/2026-03-02-a/transcript",
    "/sessions/{name}/tasks": "/sessions/2026-03-02-a/tasks",
}
_ADDRESSES = [_SHOWN.get(page.path, page.path.replace("{number:number}", "1")) for page in PAGES]
_LISTS = [page.path for page in PAGES if "{" not in page.path]


def _anywhere(words: str) -> str:
    """The words without what this computer is like."""
    return re.sub("(?<=free on the disk\n).*", "(so much)", words)


def named(address: str) -> str:
    return address.partition("?")[0].strip("/").replace("/", "-") or "home"


@pytest.fixture(scope="module")
def furnished(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("furnished") / "lab")
    fill(lab, prepared)
    furnish_more(lab, prepared)
    yield lab
    lab.db.close()


@pytest.fixture(scope="module")
def weighed(new_lab, prepared, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("weighed") / "lab")
    weigh_three_blocks(lab, prepared)
    yield lab
    lab.db.close()


@pytest.mark.parametrize("address", _ADDRESSES)
def test_the_words_of_a_page(address, browse, furnished, atlas, same_words):
    lab = atlas if address.startswith("/maps") else furnished
    page = browse(lab, state="running", started_at=lab.now.isoformat()).get(address)
    assert page.status == 200
    same_words(named(address), _anywhere(seen(page.text, whole=address == "/")))


@pytest.mark.parametrize("address", _LISTS)
def test_the_words_where_nothing_is_there_yet(address, browse, small_lab, same_words):
    page = browse(small_lab).get(address)
    assert page.status == 200
    same_words(f"empty/{named(address)}", _anywhere(seen(page.text)))


def test_the_words_where_a_map_has_no_tile_yet(browse, small_lab, same_words):
    publish_map(small_lab)
    same_words("empty/maps-small_map", seen(browse(small_lab).get("/maps/small_map").text))


def test_the_words_of_a_finding_that_real_results_support(browse, weighed, same_words):
    same_words("weighed-finding", seen(browse(weighed).get("/findings/1").text))
