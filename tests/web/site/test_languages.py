"""A volunteer's pages in the language of whoever reads them; everything else in English."""

import re
import time

import pytest

from axiom.web.site.page_cache import PageCache
from axiom.web.site.routes import PAGES, is_translated

WORDS = {
    "/join": ("Join in three steps", "In drei Schritten mitmachen", "Participer en trois étapes"),
    "/help": ("My computer", "Mein Computer", "Mon ordinateur"),
    "/terms": ("Your computer works for free.", "Ihr Computer arbeitet unentgeltlich.", "Votre ordinateur travaille"),
    "/volunteers/2": ("Working on now", "Jetzt in Arbeit", "En cours"),
    "/volunteers/2/certificate": ("They computed", "Sie haben seit dem", "Ils ont calculé"),
}


def language_of(page) -> str:
    return re.search(r'<html lang="(\w+)">', page.text)[1]


@pytest.mark.parametrize("address", WORDS)
@pytest.mark.parametrize(("place", "code"), list(enumerate(("en", "de", "fr"))))
def test_a_page_comes_in_the_language_of_the_browser_or_of_the_cookie(site_of, address, place, code):
    for headers in ({"accept_language": f"{code},ja;q=0.1"}, {"cookie": f"lang={code}", "accept_language": "fr, de"}):
        page = site_of.get(address, **headers)
        assert (page.status, language_of(page), page.headers["content-language"]) == (200, code, code)
        assert [words in page.text for words in WORDS[address]] == [place == each for each in range(3)]
        assert "accept-language" in page.headers["vary"]


def test_a_page_is_kept_in_each_language_apart(site_of):
    seen = [site_of.get("/join", accept_language=code) for code in ("de", "fr", "en", "de", "fr", "en")]
    assert [language_of(page) for page in seen] == ["de", "fr", "en"] * 2
    assert len({page.headers["etag"] for page in seen}) == 3
    again = site_of.get("/join", accept_language="de", if_none_match=seen[0].headers["etag"])
    assert again.status == 304
    assert site_of.get("/join", accept_language="fr", if_none_match=seen[0].headers["etag"]).status == 200


@pytest.mark.parametrize("address", ["/", "/findings", "/about", "/hosts", "/teams", "/volunteers", "/nowhere"])
def test_every_other_page_is_english_and_kept_once(site_of, address):
    german, french = (site_of.get(address, accept_language=code) for code in ("de", "fr"))
    assert (language_of(german), german.raw) == ("en", french.raw)
    assert "content-language" not in german.headers
    assert "/language/" not in german.text
    assert "Mitmachen" not in german.text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.path)
def test_answers_for_programs_are_the_same_in_every_language(site_of, page):
    address = page.json.replace("{number:number}", "2").replace("{name}", "tiny_sum").replace("{other}", "x")
    said = [site_of.get(address, accept_language=code, cookie=f"lang={code}").raw for code in ("en", "de")]
    assert said[0] == said[1]
    assert not is_translated(address)


def test_an_answer_in_english_is_said_to_be_english_on_a_translated_page(site_of):
    page, english = (site_of.get("/volunteers/2", accept_language=code).text for code in ("de", "en"))
    findings = re.findall(r'<td class="why"( lang="en")?>', page)
    assert findings
    assert set(findings) == {' lang="en"'}
    assert ' lang="en">' not in english.replace('hreflang="en"', "").split("<main")[1].split("</main>")[0]


def test_links_in_the_foot_choose_a_language_and_lead_back(site_of):
    foot = site_of.get("/volunteers/2", accept_language="de").text.split("<footer")[1]
    links = dict(re.findall(r'href="(/language/[^"]+)" lang="(\w+)"', foot))
    assert list(links.values()) == ["en", "de", "fr"]
    assert re.search(r'lang="de" hreflang="de" rel="nofollow" aria-current="true">Deutsch<', foot)
    for link, code in links.items():
        chosen = site_of.get(link)
        assert (chosen.status, chosen.headers["location"]) == (303, "/volunteers/2")
        assert chosen.headers["set-cookie"].startswith(f"lang={code}; ")
        assert chosen.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "back",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "evil.example", "javascript:alert(1)", ""),
        *("/join%0d%0aset-cookie:a=b", "/%09/evil.example", "/join%20x", "///evil.example", "%2f%2fevil.example"),
    ],
)
def test_a_way_back_to_another_site_is_refused(site_of, back):
    page = site_of.get(f"/language/de?back={back}")
    assert (page.status, "location" in page.headers, "set-cookie" in page.headers) == (400, False, False)


def test_a_language_that_is_not_there_is_named_and_not_remembered(site_of):
    page = site_of.get("/language/tlh?back=/join")
    assert (page.status, "set-cookie" in page.headers) == (404, False)
    assert "en, de, fr" in page.text


def test_a_cookie_that_nobody_can_read_changes_nothing(site_of):
    for cookie in ('lang="', "lang", "lang=de\x01", "a=b; ;;lang==", "lang=" + "x" * 5_000, "language=de"):
        assert language_of(site_of.get("/join", cookie=cookie)) == "en"
    assert language_of(site_of.get("/join", cookie="axiom=secret; lang=de; axiom_visit=x")) == "de"


def test_finding_the_language_costs_microseconds(site_of):
    app: PageCache = site_of.app
    scope = {"path": "/join", "headers": [(b"accept-language", b"de-AT,de;q=0.9"), (b"cookie", b"axiom=x; lang=fr")]}
    start = time.process_time()
    for _ in range(2_000):
        app._language_of(scope)
    assert (time.process_time() - start) / 2_000 < 100e-6
