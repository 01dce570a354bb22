"""What is kept for two seconds, for whom and in which language, and when it is made again."""

import asyncio
import gzip
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse

import axiom.web
from axiom.limits import server as limits
from axiom.web.site import templates
from axiom.web.site.page_cache import PageCache
from axiom.web.site.query_words import drop_unread_words
from axiom.web.site.request_class import class_of
from axiom.web.site.routes import PAGES, is_translated

STATIC = Path(axiom.web.__file__).parent / "static"
TRANSLATED = ("/join", "/help", "/terms", "/volunteers/2", "/volunteers/2/certificate")


class Counting:
    """An application that says how often it was asked."""

    def __init__(self) -> None:
        self.made = 0
        self.seconds = 0.0

    async def __call__(self, scope, receive, send) -> None:
        self.made += 1
        number = self.made
        if scope["path"] == "/slow":
            await asyncio.sleep(0)
        status = 500 if scope["path"] == "/broken" else 200
        size = 300_000 if scope["path"] == "/large" else 200_000 if scope["path"].startswith("/wide/") else 1000
        await PlainTextResponse(f"answer {number} " + "x" * size, status_code=status)(scope, receive, send)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
def kept(counting, browse, small_lab):
    browser = browse(small_lab)
    browser.app = PageCache(counting, clock=lambda: counting.seconds)
    return browser


def test_a_page_is_made_once_in_two_seconds_and_a_flood_is_not_remembered(kept, counting):
    async def crowd():
        return await asyncio.gather(*(kept.ask("/slow") for _ in range(20)))

    assert {reply.text[:9] for reply in kept.loop.run_until_complete(crowd())} == {"answer 1 "}
    counting.seconds = 1.99
    assert kept.get("/slow").text.startswith("answer 1 ")
    counting.seconds = 2.0
    assert kept.get("/slow").text.startswith("answer 2 ")
    pages = ("/a?page=1", "/a?page=2", "/large", "/large", "/broken", "/broken")  # other pages, or kept by nobody
    assert [kept.get(address).text[:8] for address in pages] == [f"answer {number}" for number in range(3, 9)]
    for number in range(600):
        kept.get(f"/{number}")
    kept.get("/0")
    assert counting.made == 8 + 601  # a flood of addresses does not fill the memory
    for method in ("POST", "NONSENSE"):
        reply = kept.get("/a", method=method)
        assert reply.status == 405
        assert reply.headers["allow"] == "GET, HEAD"
        assert counting.made == 609


def test_whoever_has_a_page_or_takes_gzip_gets_less(kept):
    first = kept.get("/a")
    again = kept.get("/a", if_none_match=first.headers["etag"])
    assert again.status == 304
    assert again.raw == b""
    assert again.headers["etag"] == first.headers["etag"]
    assert kept.get("/a", if_none_match='"other"').status == 200
    packed, head = kept.get("/a", accept_encoding="br, gzip"), kept.get("/a", method="HEAD")
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in first.headers
    assert packed.raw == gzip.compress(first.raw, 6, mtime=0)
    assert int(packed.headers["content-length"]) == len(packed.raw) < len(first.raw)
    assert packed.headers["vary"] == first.headers["vary"] == "accept-encoding"
    assert (head.status, head.raw, head.headers) == (200, b"", first.headers)
    for refused in ("gzip;q=0, identity", "br", "*;q=0", "gzip;q=none"):
        assert kept.get("/a", accept_encoding=refused).raw == first.raw
    assert kept.get("/a", accept_encoding="br;q=0.1, *;q=0.5").raw == packed.raw


def test_pages_in_memory_are_bounded_in_sum_and_none_stays_that_is_shown_no_more(kept, counting):
    for number in range(120):
        kept.get(f"/wide/{number}")
    kept.get("/wide/119")
    assert counting.made == 120
    assert sum(len(page.body) + len(page.packed) for page in kept.app._kept.values()) <= limits.PAGES_REMEMBERED_BYTES
    kept.get("/wide/0")
    assert counting.made == 121  # the oldest was forgotten
    counting.seconds = 2.0
    kept.get("/a")
    assert len(kept.app._kept) == 1


def test_who_changed_something_and_then_reads_sees_it(kept):
    async def change_while_it_is_made():
        before = asyncio.create_task(kept.ask("/slow"))
        await asyncio.sleep(0)  # it was asked for before the change, and is not made yet
        kept.app.forget()
        return [(await page).text[:9] for page in (asyncio.create_task(kept.ask("/slow")), before)]

    assert kept.loop.run_until_complete(change_while_it_is_made()) == ["answer 2 ", "answer 1 "]
    assert kept.get("/slow").text.startswith("answer 2 ")  # what was made before is not remembered either


def test_who_waits_for_a_page_gets_it_though_the_first_reader_left(kept):
    async def leave():
        first, second = (asyncio.create_task(kept.ask("/slow")) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert kept.loop.run_until_complete(leave()).text.startswith("answer 1 ")


def test_what_a_page_looks_for_makes_another_page():
    for address, kept in (
        *(("/results?q=1&page=2&size=3", b"page=2"), ("/results.json?q=1&sort=newest", b"sort=newest")),
        ("/results?experiment=tiny_sum&size=3&page=2", b"experiment=tiny_sum&size=3&page=2"),
        ("/findings?q=words&from=2&size=2", b"q=words&from=2"),
        ("/hosts/1?state=failed&state=valid", b"state=failed&state=valid"),
        *(("/volunteers?x=1&%61fter=1", b"%61fter=1"), ("/volunteers?&&=&q", b"")),
        *(("/static/style.css?v=1&w=2", b"v=1"), ("/figures/x.svg?v=1", b""), ("//?v=1", b"")),
    ):
        path, _, query = address.partition("?")
        assert drop_unread_words(path, query.encode()) == kept


def test_a_first_visit_is_small_and_what_is_vendored_is_as_written_down_and_kept(site_of):
    page = site_of.get("/", accept_encoding="gzip")
    files = [address_text.split("?")[0] for address_text in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)]
    assert {"/static/style.css", "/static/htmx.min.js", "/static/literata-axiom.woff2"} <= set(files)
    sizes = {file: len(site_of.get(file, accept_encoding="gzip").raw) for file in files}
    assert len(page.raw) <= 15_000
    assert sizes["/static/style.css"] <= 8_000
    assert len(page.raw) + sum(sizes.values()) <= 60_000
    address = re.search(r'href="(/static/style\.css\?v=\w+)"', page.text)[1]
    assert "immutable" in site_of.get(address).headers["cache-control"]
    assert "immutable" not in site_of.get("/static/style.css").headers["cache-control"]
    for name in ("secret.key", "..%2Fapp.py", "VENDORED.md"):
        assert site_of.get(f"/static/{name}").status == 404
    rows = re.findall(r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (STATIC / "VENDORED.md").read_text(), re.MULTILINE)
    assert {name for name, _ in rows} == {"htmx.min.js", "leaflet.css", "leaflet.js", "literata-axiom.woff2"}
    for name, digest in rows:
        assert templates.hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest
    screens = [(STATIC / name).read_text().split("@media print")[0] for name in ("figure.css", "style.css")]
    colours = [re.findall(r"--\w+:#[0-9a-f]{6}", screen) for screen in screens]
    assert colours[0] == colours[1]


def language_of(page) -> str:
    return re.search(r'<html lang="(\w+)">', page.text)[1]


def test_a_page_comes_in_the_language_of_browser_or_cookie_if_it_is_translated(site_of):
    for address in TRANSLATED:
        tags = set()
        for code in ("en", "de", "fr"):
            for headers in (
                {"accept_language": f"{code},ja;q=0.1"},
                {"cookie": f"lang={code}", "accept_language": "fr, de"},
            ):
                page = site_of.get(address, **headers)
                assert page.status == 200
                assert language_of(page) == code
                assert page.headers["content-language"] == code
                assert "accept-language" in page.headers["vary"]
            tags.add(page.headers["etag"])
        assert len(tags) == 3
    tag = site_of.get("/join", accept_language="de").headers["etag"]
    statuses = [site_of.get("/join", accept_language=code, if_none_match=tag).status for code in ("de", "fr")]
    assert statuses == [304, 200]
    for cookie in ('lang="', "lang", "lang=de\x01", "a=b; ;;lang==", "lang=" + "x" * 5_000, "language=de"):
        assert language_of(site_of.get("/join", cookie=cookie)) == "en"
    assert language_of(site_of.get("/join", cookie="axiom=secret; lang=de; axiom_visit=x")) == "de"
    page = site_of.get("/volunteers/2", accept_language="de").text
    assert set(re.findall(r'<td [^>]*class="why"( lang="en")?>', page)) == {
        ' lang="en"'
    }  # an answer in English says so
    for address in ("/", "/findings", "/teams", "/volunteers", "/nowhere"):
        german, french = (site_of.get(address, accept_language=code) for code in ("de", "fr"))
        assert (language_of(german), german.raw) == ("en", french.raw)
        assert "content-language" not in german.headers
        assert "/language/" not in german.text
    for page in PAGES:
        address = page.json.replace("{number:number}", "2").replace("{name}", "tiny_sum").replace("{other}", "x")
        assert not is_translated(address), page
    for address in (f"{address}.json" for address in TRANSLATED):
        english, german = (site_of.get(address, accept_language=code, cookie=f"lang={code}") for code in ("en", "de"))
        assert english.raw == german.raw


def test_links_in_the_foot_choose_a_language_and_lead_back_to_this_site_alone(site_of):
    foot = site_of.get("/volunteers/2", accept_language="de").text.split("<footer")[1]
    links = dict(re.findall(r'href="(/language/[^"]+)" lang="(\w+)"', foot))
    assert list(links.values()) == ["en", "de", "fr"]
    assert re.search(r'lang="de" hreflang="de" rel="nofollow" aria-current="true">', foot)
    for link, code in links.items():
        chosen = site_of.get(link)
        assert (chosen.status, chosen.headers["location"]) == (303, "/volunteers/2")
        assert chosen.headers["set-cookie"].startswith(f"lang={code}; ")
        assert chosen.headers["cache-control"] == "no-store"
    for back in (
        *("https://evil.example/", "//evil.example", "/\\evil.example", "evil.example", "javascript:alert(1)", ""),
        *("/join%0d%0aset-cookie:a=b", "/%09/evil.example", "/join%20x", "///evil.example", "%2f%2fevil.example"),
    ):
        page = site_of.get(f"/language/de?back={back}")
        assert page.status == 400
        assert "location" not in page.headers
        assert "set-cookie" not in page.headers
    page = site_of.get("/language/tlh?back=/join")
    assert page.status == 404
    assert "set-cookie" not in page.headers


CLASSES = {
    "page": ("/", "/findings/12", "/experiments/lazy@1", "//"),
    "data": ("/findings.json", "/index.json", "/findings/12.zip", "/results.csv", "/news.atom"),
    "probe": ("/readyz", "/metrics"),
    "static": ("/static/style.css",),
    "figure": ("/figures/finding/1/x.svg",),
    "download": ("/download/a/b",),
    "account": ("/account/hosts",),
    "boinc": ("/create_account.php",),
    "statistics": ("/stats/user.gz",),
    "other": ("/wp-login.aspx", "/findingss"),
}


@settings(max_examples=50)
@given(st.one_of(st.text(), st.from_regex(r"/[a-z0-9./%-]{0,40}", fullmatch=True)))
def test_the_class_of_a_request_comes_from_a_short_list_whatever_a_stranger_writes(path):
    assert class_of(path) in CLASSES
    assert {name: tuple(path for path in paths if class_of(path) == name) for name, paths in CLASSES.items()} == CLASSES
