"""Papers and logs: rows that change, other people's words, files that nothing can break, and nothing made up."""

import copy
import re
from collections import Counter

import pytest
from evidence_lines import record
from fabrications import Fabrication, Rows, in_finding, in_paper, in_quotes, of_words
from furnished_lab import HOSTILE, fill, furnish_more, weighed
from made_texts import INVENTED, MadeTexts, filled
from tiny_experiment import prepare_text, tiny_source

from axiom.domain.headlines.numbers import format_number as written_number
from axiom.laboratory.findings.commands.prose import DraftPaper, WriteLog
from axiom.laboratory.findings.rules.prose import why_text_refused
from axiom.reads.base.request import Reading
from axiom.signed.manifests import ControlSweeps
from axiom.store.findings import finding_notes, references
from axiom.store.rounds import kept_prose
from axiom.store.views.citable import read_citable_findings
from axiom.web.base.facts import write_facts
from axiom.web.papers import formats, paper
from axiom.web.papers.methods import is_question
from axiom.web.site.templates import template_environment

NASTY = r"Small & Sons_{\input{secrets}} 100% #1 ~ ^ $x$ -- ``\write18"
SESSION = "/sessions/2026-03-02-a"


@pytest.fixture
def lab(small_lab, prepared):
    fill(small_lab, prepared)
    furnish_more(small_lab, prepared)
    return small_lab


@pytest.fixture
def reading(furnished):
    return Reading(db=furnished.db, folder=furnished.folder, now=furnished.now, name=NASTY, live=dict)


def test_each_author_s_newest_text_stands_and_a_changed_row_changes_what_was_written(lab, browse):
    with lab.db.transaction():
        for text in ("first {F1}", "second {F1}"):
            kept_prose.add_paper_prose(lab.db, [3, 1, 1], author="Ada", text=text, now=lab.now)
        text = f"- not a list ({HOSTILE}) [x](y) *b* {{F1.estimate}}"
        kept_prose.add_paper_prose(lab.db, [1], author="# Eve", text=text, now=lab.now)
        kept_prose.add_paper_prose(lab.db, [1, 3], author="Bo", text="too", now=lab.now)
    assert [kept_text.text for kept_text in kept_prose.list_paper_prose(lab.db, [1, 3])] == ["second {F1}", "too"]
    (kept,) = lab.db.select("SELECT count(*) AS amount FROM prose WHERE findings = '1,3'")
    assert kept["amount"] == 4
    reading = Reading(db=lab.db, folder=lab.folder, now=lab.now, name=NASTY, live=dict)
    made = formats.paper_file(reading, [1], "md", template_environment())
    assert r"> \- not a list (\<script\>" in made
    assert r"\[x\](y) \*b\* +0.93" in made
    site = browse(lab)
    with lab.db.transaction():
        finding_notes.add_finding_note(
            lab.db, 1, text="Seen at {F1.estimate}; {F9.x} & {Q} stay.", by="Ada", now=lab.now
        )
    assert "+0.93 over 16 seeds" in texts_of(site.get(f"{SESSION}.json").json["session"])
    assert "Seen at +0.93; {F9.x} &amp; {Q} stay." in site.get("/findings/1").text
    with lab.db.transaction():
        for number in (1, 3):
            line = weighed(3, estimate=0.25, low=0.125, high=0.375)
            record(lab.db, number, line, [], session_id=None, now=lab.now)
    site.app.forget()
    assert "+0.25 over 24 seeds" in texts_of(site.get(f"{SESSION}.json").json["session"])
    assert "Seen at +0.25" in site.get("/findings/1").text
    assert "second finding 1" in texts_of(site.get("/findings/paper.json?of=1,3").json["paper"])
    with lab.db.transaction():
        lab.db.execute("UPDATE finding SET status = 'recalled' WHERE id = 1")
    site.app.forget()
    assert "it is recalled" in site.get(SESSION).text


def texts_of(page):
    return " ".join(entry["text"] for entry in page["said"])


def test_a_paper_is_of_the_findings_that_an_address_names_and_taken_away_whole(furnished_site, reading):
    for query, status in (("", 200), ("?of=1", 200), ("?of=x", 400), ("?of=1,x", 400), ("?of=99", 404), ("?of=0", 404)):
        assert furnished_site.get(f"/findings/paper{query}").status == status
        assert furnished_site.get(f"/findings/paper.json{query}").status == status
        assert furnished_site.get(f"/findings/paper.md{query}").status == (status if query else 400)
    for ending in formats.KINDS:
        reply = furnished_site.get(f"/findings/paper.{ending}?of=3,1")
        assert reply.headers["content-disposition"] == f'attachment; filename="paper-1-3.{ending}"'
        assert "<script>alert" not in reply.text
    assert [finding["number"]["text"] for finding in paper.paper_facts(reading, [1])["others"]] == ["2", "3"]


def test_each_template_tells_every_fact_and_no_number_of_its_own(reading):
    names = {}

    def named(fact):
        letters = "".join(chr(ord("a") + int(digit)) for digit in str(len(names)))
        return {**fact, "text": names.setdefault(fact["of"], f"Q{letters}Q"), "rows": ""} if fact["of"] else fact

    facts = write_facts(paper.paper_facts(reading, [1, 3]), named)
    shown = {ending: formats.render_paper(facts, ending, template_environment()) for ending in formats.KINDS}
    for text in shown.values():
        assert [of for of, name in names.items() if name not in text] == []
    assert of_words(shown["md"]) == []
    latex = shown["tex"].partition("\\begin{document}")[2]
    drawn = re.sub(r"\\setlength\{\\unitlength\}.*?\\end\{picture\}|p\{[0-9.]+cm\}", "", latex)
    assert of_words(drawn) == []


def test_an_effect_that_is_looked_for_in_configs_of_the_question_was_not_planted():
    own = ({"noise": 0.5}, {"noise": 1.0})
    for planted, is_asked in ((own[:1], True), (({"noise": 9.0},), False), ((own[0], {"noise": 9.0}), False)):
        costs = {"placebo_seconds": (), "planted_seconds": ()}
        assert is_question(ControlSweeps(estimand="a", placebo=(), planted=planted, **costs), own) is is_asked


def test_latex_closes_what_it_opens_and_obeys_no_text(reading):
    latex = formats.paper_file(reading, [1, 2, 3], "tex", template_environment())
    bare = re.sub(r"\\[\\{}$&#_%]", "", latex)
    opened = []
    for what, name in re.findall(r"\\(begin|end)\{(\w+)\}", latex):
        if what == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert Counter(bare)["{"] == Counter(bare)["}"]
    body = latex.partition("\\title")[2]
    commands = set(re.findall(r"\\([a-zA-Z]+)", body))
    assert not commands & {"input", "write", "include", "def", "csname", "immediate"}
    assert "$" not in re.sub(r"\\\$", "", body)
    assert "%" not in re.sub(r"\\%|\{%\n", "", body)
    assert r"Small \& Sons\_\{\textbackslash{}input\{secrets\}\}" in latex
    tables = re.findall(r"\\begin\{tabular\}\{((?:p\{4\.2cm\}|l)+)\}\n(.*?)\\end\{tabular\}", latex, re.DOTALL)
    assert len(tables) > 6
    for columns, body in tables:
        rows = [row for row in body.splitlines() if row.endswith("\\\\")]
        amounts = {len(re.findall(r"(?<!\\)&", row)) + 1 for row in rows}
        assert amounts == {len(re.findall(r"p\{4\.2cm\}|l", columns))}


ROUNDS = 25  # scripts/campaign honesty plays 2,500


@pytest.fixture(scope="module")
def played(new_lab, tmp_path_factory):
    folder = tmp_path_factory.mktemp("papers")
    made = filled(new_lab(folder / "lab"), folder)
    yield made
    made.db.close()


def test_what_programs_write_holds_nothing_made_up_and_whatever_is_made_up_is_seen(played):
    made = MadeTexts(lab=played, seed=1)
    made.play(ROUNDS)
    assert made.faults == []
    assert min(made.endings["written"], made.endings["refused"]) > ROUNDS / 5
    assert made.numbers > 50 * ROUNDS
    log, paper = _written(played)
    rows = Rows(played.folder.database)
    for of, text, kind in (
        *(("F1.estimate", "+99.9", Fabrication.NUMBER), ("F1.grade", "Sure", Fabrication.VERDICT)),
        *(("E1.levels.size", "1, 2, 7", Fabrication.METHOD), ("E1.tolerance", "0.5", Fabrication.METHOD)),
        *(("G1.hash", "ab12", Fabrication.NUMBER), ("F1.verdict", "absent", Fabrication.VERDICT)),
    ):
        forged = copy.deepcopy(paper)
        pieces = _texts(forged, of)
        assert pieces
        for piece in pieces:
            piece["text"] = text
        assert kind in {fabrication for fabrication, _ in in_paper(rows, forged)}, of
    (entry,) = (entry for entry in log if entry["by"] == "Ada")
    for part, value, kind in (
        ("text", "The total is +99.9, as Noether 1918 says.", Fabrication.NUMBER),
        ("text", entry["text"].replace("Noether 1918", "Gauss 1801"), Fabrication.REFERENCE),
        ("text", entry["text"].replace("Noether 1918", INVENTED), Fabrication.REFERENCE),
        *(("by", "the laboratory", Fabrication.VERDICT), ("checked", True, Fabrication.VERDICT)),
        *(("beside", [], Fabrication.VERDICT), ("beside", [{**entry["beside"][0], "grade": "-"}], Fabrication.VERDICT)),
    ):
        assert kind in {kind for kind, _ in in_quotes(rows, [{**entry, part: value}], "prose")}, (part, value)
    page = {"said": [], "links": [{**_LINK, "bearing": "supports", "upheld_by": ["absent"]}]}
    assert {kind for kind, _ in in_finding(rows, page)} == {Fabrication.VERDICT}
    paper["others"] = []
    assert {kind for kind, _ in in_paper(rows, paper)} >= {Fabrication.OMITTED}


_LINK = {"number": 1, "source": {"noun": "finding", "name": "1"}, "said": []}


def _written(played):
    """A log and a paper over the first finding, as their pages have them."""
    made = MadeTexts(lab=played, seed=2)
    with played.db.transaction():
        played.db.execute("UPDATE finding SET status = 'open'")
    text = "The total is {F1.estimate}, as {R:tiny_sum} says."
    made._write(WriteLog(text=text, by="Ada"))
    made._write(DraftPaper(findings="1", text=text, by="Ada"))
    return made.look([1])


def _texts(answer, of):
    """Every piece that is said to be of this."""
    match answer:
        case {"text": str(), "of": about} if about == of:
            return [answer]
        case dict():
            return [piece for part in answer.values() for piece in _texts(part, of)]
        case list():
            return [piece for part in answer for piece in _texts(part, of)]
    return []


def test_what_nobody_approved_is_marked_and_stands_behind_no_sentence(small_lab, browse, tmp_path):
    text = tiny_source().replace("    run=", '    reference="Noether 1918; Axelrod 2031, arXiv:3199.99999",\n    run=')
    small_lab.publish(prepare_text("tiny_sum", text, tmp_path))
    with small_lab.db.transaction():
        record(small_lab.db, 1, weighed(2), [], session_id=None, now=small_lab.now)
    spoken = "As {R:tiny_sum} says of {F1}."
    assert why_text_refused(spoken, read_citable_findings(small_lab.db, [1]))
    site = browse(small_lab)
    page = site.get("/experiments/tiny_sum").text
    assert "Noether 1918 (unverified)" in page
    assert 'href="https://arxiv.org/abs/3199.99999"' in page
    with small_lab.db.transaction():
        references.add_reference(small_lab.db, "Noether 1918", by="Ada", now=small_lab.now)
        kept_prose.add_paper_prose(small_lab.db, [1], author="Ada", text=spoken, now=small_lab.now)
    site.app.forget()
    assert not why_text_refused(spoken, read_citable_findings(small_lab.db, [1]))
    page = re.sub(r"<[^>]+>", "", site.get("/findings/paper?of=1").text)
    assert "As Noether 1918 says of" in page
    assert "Axelrod 2031, arXiv:3199.99999 (unverified)" in page


def test_medians_of_arms_their_ratio_and_what_a_design_keeps_constant_can_be_named(small_lab, prepared, browse):
    fill(small_lab, prepared)
    fields = read_citable_findings(small_lab.db, [1])[1].fields
    assert (fields["first.size"], fields["second.size"]) == (1, 2)
    rows = small_lab.db.select("SELECT config, json_extract(measures, '$.total') AS total FROM result")
    totals = {row["config"]: row["total"] for row in rows}
    assert (fields["first.median"], fields["second.median"]) == (totals[0], totals[1])
    assert fields["ratio"] == totals[0] / totals[1]
    text = "Size {F1.second.size} has {F1.second.median}, and {F1.first.size} has {F1.first.median}: {F1.ratio} of it."
    with small_lab.db.transaction():
        finding_notes.add_finding_note(small_lab.db, 1, text=text, by="Ada", now=small_lab.now)
    assert f"Size 2 has {written_number(totals[1])}, and 1 has" in browse(small_lab).get("/findings/1").text
