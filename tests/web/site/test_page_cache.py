"""What is kept for two seconds, for whom, and when it is made again."""

import asyncio
import gzip
import re
from pathlib import Path

import pytest
from starlette.responses import PlainTextResponse

import axiom.web
from axiom.web.base import query_words
from axiom.web.base.query_words import normalize
from axiom.web.site import templates
from axiom.web.site.page_cache import PageCache

WEB = Path(axiom.web.__file__).parent
STATIC = WEB / "static"


class Counting:
    """An application that says how often it was asked."""

    def __init__(self) -> None:
        self.made = 0
        self.seconds = 0.0

    async def __call__(self, scope, receive, send) -> None:
        self.made += 1
        status = 500 if scope["path"] == "/broken" else 200
        if scope["path"] == "/slow":
            await asyncio.sleep(0.01)
        size = 300_000 if scope["path"] == "/large" else 1000
        await PlainTextResponse(f"answer {self.made} " + "x" * size, status_code=status)(scope, receive, send)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def kept(counting, browse, small_lab):
    browser = browse(small_lab)
    browser.app = PageCache(counting, clock=lambda: counting.seconds)
    return browser


def test_a_page_is_made_once_in_two_seconds(kept, counting):
    assert kept.get("/a").text == kept.get("/a").text
    assert counting.made == 1
    counting.seconds = 1.99
    kept.get("/a")
    assert counting.made == 1
    counting.seconds = 2.0
    assert kept.get("/a").text.startswith("answer 2 ")


def test_another_query_is_another_page(kept, counting):
    kept.get("/a?page=1")
    kept.get("/a?page=2")
    assert counting.made == 2


def test_a_word_that_nothing_looks_for_makes_no_other_page(site_of, monkeypatch):
    made = []
    render = site_of.app._render
    monkeypatch.setattr(site_of.app, "_render", lambda scope, receive: made.append(scope) or render(scope, receive))
    for query in ("", "?q=1", "?q=2&page=7", "?&&=&q", "?af%74er2=1"):
        assert 'href="/volunteers.json"' in site_of.get(f"/volunteers{query}").text
    assert [scope["query_string"] for scope in made] == [b""]
    site_of.get("/volunteers?x=1&%61fter=1")
    assert made[1]["query_string"] == b"%61fter=1"


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("/results?q=1&page=2&size=3", b"page=2"),
        ("/results.json?q=1&sort=newest", b"sort=newest"),
        ("/results?experiment=tiny_sum&size=3&page=2", b"experiment=tiny_sum&size=3&page=2"),
        ("/findings?q=words&size=2", b"q=words"),
        ("/findings?q=words&from=2", b"q=words&from=2"),
        ("/findings/1.json?q=words", b"q=words"),
        ("/hosts/1?state=failed&state=valid", b"state=failed&state=valid"),
        ("/static/style.css?v=1&w=2", b"v=1"),
        ("/figures/x.svg?v=1", b""),
        ("//?v=1", b""),
    ],
)
def test_what_a_page_looks_for_makes_another_page(address, kept):
    path, _, query = address.partition("?")
    assert normalize(path, query.encode()) == kept


def test_every_word_that_a_page_looks_for_is_known_to_make_another_page():
    texts = [file.read_text() for file in WEB.rglob("*.py") if "account" not in str(file.relative_to(WEB))]
    ways = r'(?:query(?:\.get\(|\[)|reading\.whole\(|stretch\(reading, )"(\w+)"'
    looked_for = {word for text in texts for word in re.findall(ways, text)}
    assert looked_for > {"page", "after", "findings", "state"}
    assert looked_for <= set().union(*query_words._WORDS.values())


def test_many_who_ask_at_once_get_what_was_made_once(kept, counting):
    async def crowd():
        return await asyncio.gather(*(kept.ask("/slow") for _ in range(20)))

    assert {reply.text[:9] for reply in kept.loop.run_until_complete(crowd())} == {"answer 1 "}
    assert counting.made == 1


def test_a_file_to_take_away_is_not_kept_in_memory(kept, counting):
    assert [kept.get("/large").text[:8] for _ in range(2)] == ["answer 1", "answer 2"]
    assert counting.made == 2


def test_a_fault_is_not_kept(kept, counting):
    assert kept.get("/broken").status == kept.get("/broken").status == 500
    assert counting.made == 2


def test_a_flood_of_addresses_does_not_fill_the_memory(kept):
    for number in range(600):
        kept.get(f"/{number}")
    assert len(kept.app._kept) <= 256


def test_whoever_has_the_page_is_told_that_nothing_changed(kept):
    first = kept.get("/a")
    again = kept.get("/a", if_none_match=first.headers["etag"])
    assert (again.status, again.raw, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert kept.get("/a", if_none_match='"other"').status == 200


def test_whoever_takes_gzip_gets_gzip(kept):
    packed, plain = kept.get("/a", accept_encoding="br, gzip"), kept.get("/a")
    assert (packed.headers["content-encoding"], "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.text == plain.text
    assert int(packed.headers["content-length"]) == len(packed.raw) < len(plain.raw)
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"


def test_head_has_the_headers_and_no_body(kept):
    head, get = kept.get("/a", method="HEAD"), kept.get("/a")
    assert (head.status, head.raw, head.headers) == (200, b"", get.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "NONSENSE"])
def test_a_change_is_refused(kept, counting, method):
    reply = kept.get("/a", method=method)
    assert (reply.status, reply.headers["allow"], counting.made) == (405, "GET, HEAD", 0)


def test_a_first_visit_is_small(site_of):
    page = site_of.get("/", accept_encoding="gzip")
    files = [found.split("?")[0] for found in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)]
    assert {"/static/style.css", "/static/htmx.min.js", "/static/literata-axiom.woff2"} <= set(files)
    sizes = {file: len(site_of.get(file, accept_encoding="gzip").raw) for file in files}
    assert len(page.raw) <= 15_000
    assert sizes["/static/style.css"] <= 8_000
    assert len(page.raw) + sum(sizes.values()) <= 60_000


def test_a_versioned_file_is_kept_for_ever(site_of):
    address = re.search(r'href="(/static/style\.css\?v=\w+)"', site_of.get("/").text)
    assert address
    assert "immutable" in site_of.get(address[1]).headers["cache-control"]
    assert "immutable" not in site_of.get("/static/style.css").headers["cache-control"]


@pytest.mark.parametrize("name", ["secret.key", "..%2Fapp.py", "VENDORED.md"])
def test_only_files_that_are_meant_for_it_are_served(site_of, name):
    assert site_of.get(f"/static/{name}").status == 404


def test_what_was_vendored_is_what_is_written_down():
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (STATIC / "VENDORED.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == {"htmx.min.js", "leaflet.css", "leaflet.js", "literata-axiom.woff2"}
    for name, digest in rows:
        assert templates.hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_pictures_that_are_taken_away_have_the_colours_of_the_pages():
    def colours(name: str) -> list[str]:
        screen = (STATIC / name).read_text().split("@media print")[0]
        return re.findall(r"--\w+:#[0-9a-f]{6}", screen)

    assert colours("figure.css") == colours("style.css")


def test_packing_is_the_same_bytes_every_time(kept):
    assert kept.get("/a", accept_encoding="gzip").raw == gzip.compress(kept.get("/a").body, 6, mtime=0)
