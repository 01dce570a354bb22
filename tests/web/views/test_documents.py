"""Documents at the site: those that are installed and nothing else, and no HTML, image or dead link of theirs."""

import re

import pytest

from axiom.reads.documents import read_documents
from axiom.web.base.document_html import document_in_html


def test_each_document_is_a_page_in_english_that_carries_no_style_of_its_own(site_of):
    listed = set(re.findall(r'href="/docs/([^"]+)"', site_of.get("/docs").text))
    assert {path for path in read_documents() if not path.endswith("README.md")} <= listed
    page = site_of.get("/docs/howto/plan.md")
    assert page.status == 200
    assert '<html lang="en">' in page.text
    assert site_of.get("/docs/howto/plan.md.json").json["document"]["text"] == read_documents()["howto/plan.md"]
    for path in read_documents():
        html = document_in_html(path)
        assert not re.search(r"<[^>]*\bstyle=|<img|<script", html)
        for link in re.findall(r'<a href="(/[^"#]+)', html):
            assert site_of.get(link).status == 200, (path, link)


@pytest.mark.parametrize(
    "path", ["", "..%2f..%2fREADME.md", "howto/../../shipped.py", "howto", "no.md", "%2fetc%2fpasswd"]
)
def test_nothing_but_a_document_can_be_asked_for(site_of, path):
    assert site_of.get(f"/docs/{path}").status == 404


def test_html_and_images_stay_words_and_a_link_to_what_is_not_here_is_none(monkeypatch):
    text = (
        "# A <b>\n\n![a picture](a.svg) <script>x</script> [gone](../gone.md) [B](b.md#c) [web](https://example.org)\n"
    )
    monkeypatch.setattr("axiom.web.base.document_html.read_documents", lambda: {"a/a.md": text, "a/b.md": ""})
    html = document_in_html.__wrapped__("a/a.md")
    assert '<h1 id="a-b">A &lt;b&gt;</h1>' in html
    assert 'a picture &lt;script&gt;x&lt;/script&gt; gone <a href="/docs/a/b.md#c">B</a>' in html
    assert '<a href="https://example.org">web</a>' in html
