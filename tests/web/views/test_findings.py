"""Lists of findings, one page after the other, what their pictures hold, and what is told where a page is shared."""

import csv
import io
import re
import statistics
from html import unescape

import pytest
from evidence_lines import record
from furnished_lab import draw, fill, weighed
from tiny_experiment import prepare_text, tiny_source

from axiom.laboratory.findings.rules.ranked_news import FindingNews
from axiom.laboratory.rounds.steps.summary import tell_literature
from axiom.store.registrations import registrations
from axiom.web.site.templates import template_environment
from axiom_weigh.values import Grade, Observation, Verdict

MASTER = "https://lab.example/"


@pytest.fixture
def reader(browse, small_lab, prepared, sound):
    """Two findings, of which one is weighed."""
    fill(small_lab, prepared)
    small_lab.publish(sound)
    return browse(small_lab)


def listed(reader, words: str = "") -> list[dict]:
    return reader.get(f"/findings.json?{words}").json["findings"]


def pages_of(reader, words: str) -> list[dict]:
    """Every page, from the first on, by the addresses that each of them names."""
    pages, address = [], f"/findings.json?{words}"
    while address:
        pages.append(reader.get(address).json)
        address = pages[-1]["next"]
    return pages


def test_the_first_page_and_the_list_count_the_same_tests_in_the_same_words(reader):
    home, listed_page = reader.get("/index.json").json["home"], reader.get("/findings.json").json
    decided = sum(row["verdict"] not in ("undecided", "mixed") for row in listed_page["findings"])
    assert (home["all_findings"], home["decided_findings"]) == (listed_page["of"], decided) == (2, 1)
    for path in ("/", "/findings"):
        assert re.search(r"\b2\W{1,8}single tests", unescape(reader.get(path).text))


def test_each_finding_that_is_asked_for_stands_on_one_page_the_weighed_first(reader, monkeypatch):
    rows = listed(reader)
    assert [row["evidence"] is None for row in rows] == [False, True]
    text = reader.get("/findings").text
    assert text.index(f'href="/findings/{rows[0]["number"]}"') < text.index(f'href="/findings/{rows[1]["number"]}"')
    for words in ("order=surest", "order=surprising", "order=newest"):
        assert [row["evidence"] is None for row in listed(reader, words)] == [False, True]
    wrong = reader.get("/findings.json?order=loudest").json
    assert wrong["findings"] == []
    assert "order=loudest" in wrong["misread"][0]
    assert [row["number"] for row in listed(reader, "since=week")] == [rows[0]["number"]]
    assert listed(reader, "theme=Smaller+networks") == []  # none of the catalogue's is here
    reader.app.forget()
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 1)
    for words in ("", "q=a&", "grade=Awaiting&"):
        pages = pages_of(reader, words)
        assert len(pages) == pages[0]["matching"] == pages[0]["of"] == 2
        first, last = (page["findings"][0]["number"] for page in pages)
        assert first != last
        assert [page["previous"] for page in pages] == [None, f"/findings.json?{words}until=2&from={first}"]
        assert [page["next"] for page in pages] == [f"/findings.json?{words}until=2&from={last}", None]
    first, _ = (page["findings"] for page in pages_of(reader, ""))
    for number in ("999", "-1x"):
        assert listed(reader, f"from={number}") == first


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", [5, 3, 2, 6, 4, 1]),
        ("verdict=undecided", [6, 4, 1]),
        ("verdict=effect+%2B", [5, 3, 2]),
        ("grade=Moderate", [5, 3, 2]),
        ("order=surest", [5, 3, 2, 6, 4, 1]),
    ],
)
def test_whoever_turns_pages_misses_nothing_that_is_registered_or_weighed_meanwhile(
    browse, small_lab, prepared, monkeypatch, words, expected
):
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 2)

    def weigh(number: int, **changes) -> None:
        with small_lab.db.transaction():
            record(small_lab.db, number, weighed(2, **changes), [], session_id=None, now=small_lab.now)

    for version in range(1, 7):
        small_lab.publish(prepared(version=version))
    seen: list[int] = []
    for number in (2, 3, 5):
        weigh(number)

    def change() -> None:
        weigh(6, grade=Grade.STRONG)
        weigh(5, verdict=Verdict.UNDECIDED, grade=Grade.AWAITING)

    address, changes = f"/findings.json?{words}", iter((change, lambda: small_lab.publish(prepared(version=9))))
    while address:
        page = browse(small_lab).get(address).json
        seen += [row["number"] for row in page["findings"]]
        address = page["next"]
        next(changes, lambda: None)()
    assert seen == expected


def test_what_is_decided_stands_under_its_question_and_what_is_open_is_folded(browse, small_lab, prepared):
    for version in (1, 2, 3):
        small_lab.publish(prepared(version=version))
    with small_lab.db.transaction():
        record(small_lab.db, 2, weighed(2), [], session_id=None, now=small_lab.now)
        record(small_lab.db, 3, weighed(2, verdict=Verdict.UNDECIDED), [], session_id=None, now=small_lab.now)
    reader = browse(small_lab)
    assert [row["number"] for row in listed(reader)] == [2, 3, 1]
    decided, undecided = reader.get("/findings").text.split('id="open"')
    assert decided.index("/questions/tiny_sum") < decided.index("/findings/2") < decided.index('class="tiny"')
    assert "/findings/3" not in decided
    assert "tiny" not in undecided.replace("tiny sum", "")
    assert undecided.count("<details") == 2
    assert reader.get("/findings.json").json["questions"]["tiny_sum@3"]["open"] == 1


def test_of_a_course_the_newest_rows_are_shown_and_of_anything_else_the_first():
    for is_course, shown in (
        (True, range(1, 201)),
        (False, range(200)),
    ):
        figure = {"headings": ["n"], "rows": [[number] for number in range(201)], "is_course": is_course}
        figure |= {"has_series": False, "csv": "", "json": "", "svg": None, "png": None}
        made = '{% import "parts.html" as parts %}{% call parts.plate(figure, [], 1, "soon") %}{% endcall %}'
        text = template_environment().from_string(made).render(figure=figure)
        assert re.findall(r'<td [^>]*class="num">(\d+)</td>', text) == [str(number) for number in shown]


def test_a_claim_asked_again_is_found_and_a_picture_s_data_are_cut_on_the_page_alone(browse, small_lab, prepared):
    small_lab.publish(prepared())
    reader = browse(small_lab)
    finding = reader.get("/findings/1.json").json["finding"]
    words = f"claim={finding['claim']}&measure={finding['measure']}".replace(" ", "+")
    near = reader.get(f"/findings/near.json?{words}").json["near"]
    assert near["is_known"] is True
    assert near["finding"] == 1
    assert near["nearest"][0]["number"] == 1
    other = reader.get(f"/findings/near.json?{words}&factors=size=99;<b>shade").json["near"]
    assert not other["is_known"]
    assert other["nearest"][0]["differs"]["levels"] == {"size": ["99"]}
    assert other["nearest"][0]["differs"]["factors"] == ["<b>shade"]
    assert "<b>shade" not in reader.get(f"/findings/near?{words}&factors=size=99;<b>shade").text
    assert reader.get("/findings/near.json").json["near"]["nearest"] == []
    seen = [Observation(replicate=number, value=number / 1000, hosts=(1,)) for number in range(201)]
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(26), seen, session_id=None, now=small_lab.now)
    reader.app.forget()
    table = reader.get("/findings/1").text.partition("Data of figure 2")[2].partition("</details>")[0]
    assert table.count("<tr>") == 201  # with that of the headings
    assert len(reader.get("/findings/1.json").json["finding"]["figures"]["strip"]["rows"]) == 201
    assert reader.get("/figures/finding/1/strip.csv").text.count("\n") == 202


def test_a_finding_is_found_by_its_headline_and_leads_to_its_own_version(furnished_site):
    (absent,) = furnished_site.get("/findings.json?q=nearly+the+same").json["findings"]
    assert absent["verdict"] == "absent"
    page = furnished_site.get(f"/findings/{absent['number']}").text
    assert f"/results?experiment={absent['experiment']}%40{absent['version']}" in page
    assert f'"/experiments/{absent["experiment"]}"' not in page


def test_what_was_measured_before_a_claim_may_lack_any_value():
    made = template_environment().from_string(
        '{% import "finding_parts.html" as card %}{{ card.exploratory(finding) }}'
    )
    assert "None" not in made.render(finding={"exploratory": {"seeds": 0, "estimate": None}})


def test_the_course_of_a_finding_is_taken_away_as_numbers(site_of):
    heading, *rows = csv.reader(io.StringIO(site_of.get("/figures/finding/1/narrowing.csv").text))
    history = site_of.get("/findings/1.json").json["finding"]["history"]
    assert [float(row[heading.index("Estimate")]) for row in rows] == [line["estimate"] for line in history]


def told(reader, path: str) -> dict[str, str]:
    """What the head of a page says of it, by its property or name."""
    tags = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', reader.get(path).text)
    return {name: unescape(content) for name, content in tags}


def test_a_shared_page_tells_the_answer_and_where_its_card_is(browse, small_lab, prepared):
    fill(small_lab, prepared)
    reader, paths = browse(small_lab, master=MASTER), ("/findings/1", "/experiments/tiny_sum@1")
    answer = reader.get("/findings/1.json").json["finding"]["answer"]
    draw(small_lab, "finding/1/card", 660, title=answer)
    small_lab.db.execute("UPDATE figure SET name = 'finding/1/card' WHERE name = 'finding/1/card/660'")
    reader.app.forget()
    for path in paths:
        head = told(reader, path)
        assert head["og:title"].endswith(answer)
        assert re.fullmatch(f"{MASTER}figures/finding/1/card.png\\?v=[0-9a-f]{{8}}", head["og:image"])
        assert head["twitter:card"] == "summary_large_image"
        card = reader.get(head["og:image"].removeprefix(MASTER.rstrip("/")))
        assert (card.status, card.headers["content-type"]) == (200, "image/png")
    homeless = browse(small_lab)  # without an address of its own a laboratory names no card
    for path in paths:
        head = told(homeless, path)
        assert "og:image" not in head
        assert head["twitter:card"] == "summary"
        assert "og:title" in head
    with small_lab.db.transaction():
        registrations.set_finding_status(small_lab.db, 1, "suspended", "a test")
    reader.app.forget()
    head = told(reader, "/findings/1")
    assert head["og:title"] not in (answer, "")
    assert "og:image" not in head  # that card still says what is withdrawn
    head = told(reader, "/experiments/tiny_sum@1")
    assert head["og:title"] == "What is the sum?"
    assert "og:image" not in head


def test_a_published_number_is_compared_with_on_page_in_json_in_paper_and_in_log(browse, small_lab, tmp_path):
    published = 'published=Published(value=0.5, interval=(0.4, 0.6), reference="Noether 1918"),'
    text = tiny_source().replace("Prediction\n", "Prediction, Published\n", 1)
    text = text.replace("            prediction=", f"            {published}\n            prediction=")
    small_lab.publish(prepare_text("tiny_sum", text, tmp_path))
    browser = browse(small_lab)
    assert browser.get("/findings/1.json").json["finding"]["literature"]["comparison"] == "cannot tell"
    line = weighed(1, estimate=1.0, low=0.9, high=1.1)
    with small_lab.db.transaction():
        record(small_lab.db, 1, line, [], session_id=None, now=small_lab.now)
    browser.app.forget()
    compared = browser.get("/findings/1.json").json["finding"]["literature"]
    said = "Noether 1918 (unverified) said +0.50; here +1.00 [+0.90, +1.10]: differs"
    assert (compared["comparison"], compared["words"]) == ("differs from", said)
    for address in ("/findings/1", "/findings/paper?of=1"):
        assert said in browser.get(address).text
    (note,) = tell_literature(small_lab.db, FindingNews(number=1, now=line, before=None))
    assert said in note.sentence


def test_the_head_of_a_page_has_the_unit_of_its_words_and_the_raw_beside(browse, small_lab, tmp_path):
    source = tiny_source().replace(
        "            prediction=", '            in_words="{times2} times",\n            prediction='
    )
    small_lab.publish(prepare_text("tiny_sum", source, tmp_path))
    browser = browse(small_lab)

    def read_head(**line) -> str:
        with small_lab.db.transaction():
            record(small_lab.db, 1, weighed(1, **line), [], session_id=None, now=small_lab.now)
        browser.app.forget()
        page = unescape(browser.get("/findings/1").text)
        head = page[page.index('class="stamp"') : page.index("What was asked")]
        return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", head))

    head = read_head(estimate=-2.0, low=-14.0, high=-0.5)
    assert "0.25 times 0.000061 to 0.71" in head
    assert "Total with size 1 over that with size 2" in head
    assert "In doublings, as in the tables below: −2.0 [−14, −0.50]" in head
    assert "An effect under a factor of 1.07 would" in head
    assert "0.342 times so far, and nothing bounds it yet" in read_head(estimate=-1.546, low=None, high=None)
    head = read_head(estimate=0.0, low=-0.05, high=0.081, verdict=Verdict.ABSENT, e_value=0.773, e_absent=50.27)
    assert "smaller than a factor of 1.06" in head
    assert "50.2 e-value against what would matter" in head


def test_what_matters_is_told_beside_what_is_typical_where_one_arm_is_taken_away(weighed_site, weighed_lab):
    finding = weighed_site.get("/findings/1.json").json["finding"]
    rows = weighed_lab.db.select("SELECT json_extract(measures, '$.total') AS total FROM result WHERE config = 1")
    level = statistics.median(row["total"] for row in rows)
    share, told = (float(re.findall(r"[\d.]+", finding["share_of_level"])[place]) for place in (0, -1))
    assert share == pytest.approx(100 * finding["smallest"] / level, rel=0.05)
    assert told == pytest.approx(level, rel=0.01)
