"""What others write stands in one kind of box, after what was computed, and in nothing that the laboratory says."""

import json
from datetime import timedelta

import pytest
from mail_lab import WORDS
from mcp_lab import gated
from others_words import MARK, furnish_words, outside_boxes, outside_quotes

from axiom.mcp import tools
from axiom.reads import feeds
from axiom.reads.base.request import Reading
from axiom.store.mail import outbox
from axiom.store.mail.outbox import OutboxMessage
from axiom.web.export import archive
from axiom.web.papers import formats
from axiom.web.site.routes import PAGES
from axiom.web.site.templates import template_environment

_OF = {"experiments": "tiny_sum", "questions": "tiny_sum", "sessions": "2026-03-02-a", "ledger": "2026-03-02-a"}
PLACES = [
    page.path.replace("{number:number}", "1").replace("{name}", _OF.get(page.path.split("/")[1], "small_map"))
    for page in PAGES
    if not page.path.startswith("/maps/") and not {"{other}", "{path:path}"} & set(page.path.split("/"))
]
BOXED = (
    "/findings/1",
    "/findings/2",
    "/experiments/tiny_sum",
    "/questions/tiny_sum",
    "/proposals/1",
    "/sessions/2026-03-02-a",
    "/ideas/1",
)
FILES = ("/sessions/2026-03-02-a.md", "/sessions/2026-03-02-a.txt", "/news.atom")


@pytest.fixture(scope="module")
def lab(new_lab, tmp_path_factory):
    made = new_lab(tmp_path_factory.mktemp("words") / "lab")
    furnish_words(made, tmp_path_factory.mktemp("file"))
    yield made
    made.db.close()


@pytest.fixture
def words_site(lab, browse):
    return browse(lab, master="https://lab.example/")


@pytest.mark.parametrize("address", [*PLACES, "/findings/2", "/findings/3", "/findings/paper?of=1,2"])
def test_a_page_and_its_json_have_it_where_they_say_whose_it_is_and_nowhere_else(address, words_site):
    page, (path, _, query) = words_site.get(address), address.partition("?")
    assert (page.status, outside_boxes(page.text)) == (200, [])
    head = page.text.partition("</head>")[0]
    assert MARK not in head
    answer = words_site.get(f"{path if path != '/' else '/home'}.json{'?' if query else ''}{query}")
    if answer.status == 200:
        assert outside_quotes(answer.json) == []


@pytest.mark.parametrize("address", [*BOXED, "/findings/paper?of=1,2", "/registrations/1", "/findings/graph"])
def test_the_box_comes_after_the_verdict(address, words_site):
    page = words_site.get(address).text
    before, box, rest = page.partition('<details class="words"')
    assert box
    assert MARK in rest
    for computed in ('class="verdict', "Every replicate", "Limitations"):
        if address.startswith(("/findings/1", "/findings/2", "/findings/p")) and computed in page:
            assert computed in before


def test_nothing_is_said_of_a_finding_before_it_is_weighed(words_site):
    for address in ("/findings/3", "/findings/paper?of=1,3"):
        page = words_site.get(address).text
        assert MARK not in page
        assert '<details class="words"' not in page
    finding = words_site.get("/findings/3.json").json["finding"]
    assert (finding["said"], {len(link["said"]) for link in finding["links"]}) == ([], {0})
    assert finding["predictions"]


def test_no_file_feed_letter_citation_or_export_has_it(lab, words_site):
    for address in FILES:
        assert MARK not in words_site.get(address).text, address
    reading = Reading(db=lab.db, folder=lab.folder, now=lab.now, name="Small", live=dict)
    assert MARK not in feeds.rss_feed(reading, "https://lab.example/").decode()
    finding = words_site.get("/findings/1.json").json["finding"]
    assert MARK not in finding["cite"] + finding["bibtex"] + finding["answer"]
    for name, body in archive.finding_files(reading, 1).items():
        if name.endswith(("README.md", ".cff", ".bib", ".csv")):
            assert MARK.encode() not in body, name
        if name == "card.json":
            assert outside_quotes(json.loads(body)) == []
    row = OutboxMessage(
        id=7,
        channel=outbox.MAIL,
        created_at=lab.now + timedelta(days=8),
        kind="digest",
        volunteer_id=1,
        facts={"since": lab.now.isoformat(), "credit": 5, "findings": [1, 2]},
        sent_at=None,
    )
    made = WORDS.mail(lab.db, row, row.created_at)
    assert made is None or MARK not in made.as_string()
    for ending in formats.KINDS:
        paper = formats.paper_file(reading, [1, 2], ending, template_environment())
        own, heading, theirs = paper.partition("Said by")
        assert MARK not in own
        assert heading
        assert theirs.count(MARK) == 2


def test_a_program_reads_it_as_said_by_somebody_and_not_checked(new_lab, tmp_path):
    made = new_lab(tmp_path / "lab")
    furnish_words(made, tmp_path)
    calls = [
        *(("finding_show", {"number": number, "part": part}) for number in (1, 2, 3) for part in _PARTS),
        *(
            ("finding_list", {}),
            ("proposal_list", {}),
            ("lab_brief", {}),
            ("session_show", {"session": "2026-03-02-a"}),
        ),
        *(("experiment_show", {"name": "tiny_sum@1", "part": part}) for part in ("about", "estimands", "findings")),
        *(("finding_near", {"claim": "a larger total"}), ("experiment_list", {})),
    ]
    with gated(made) as mcp_lab:
        desk = mcp_lab.desk("ada")
        answers = [tools.call_tool(desk, name, words) for name, words in calls]
    assert [place for answer in answers for place in outside_quotes(answer)] == []
    quotes = json.dumps(answers)
    assert quotes.count('"checked": false') > 8


_PARTS = ("card", "history", "links", "predictions", "said", "scope")
