"""The page of a question: its headline is said while every finding it speaks of says so, and never else."""

import json
import re
from dataclasses import replace
from importlib import resources
from urllib.parse import urlencode

import pytest
from evidence_lines import record
from furnished_lab import weighed
from tiny_experiment import prepare_text, tiny_source

from axiom.domain.evidence import ConfigEstimate
from axiom.laboratory.experiments.retire import retire_version
from axiom.laboratory.figures.redraw_figures import experiment_sweep, recorded_picture
from axiom.laboratory.figures.rules.sweeps_and_strips import draws_shares, find_percent
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.manifests import read_manifest, stored_manifest
from axiom.store.experiments import experiments, recorded_answers
from axiom.store.experiments.recorded_answers import RecordedNumber
from axiom.store.registrations import registrations
from axiom.web.site.routes import PAGES
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.picture_data import Strip, Sweep, tell_picture
from axiom_weigh.statistics.shares_and_medians import share_sequence
from axiom_weigh.values import DesignVerdict, Grade, Verdict

HEADLINES = """headlines=(
        Headline(says="Larger sizes have larger totals", when={"grows": Direction.MORE}),
        Headline(says="Size makes no difference to the total", when={"grows": Direction.ABSENT}),
    ),
    needs="""
TEXT = tiny_source().replace("import Experiment,", "import Experiment, Headline,").replace("needs=", HEADLINES)
SAID = {Verdict.POSITIVE: "Larger sizes have larger totals", Verdict.ABSENT: "Size makes no difference to the total"}


@pytest.fixture
def lab(small_lab, tmp_path):
    small_lab.publish(prepare_text("tiny_sum", TEXT, tmp_path))
    return small_lab


NONE = {"estimate": 0.0, "low": -0.1, "high": 0.1}  # of an absence


def say(lab, **changes) -> None:
    if changes.get("verdict") is Verdict.ABSENT:
        changes = NONE | changes
    with lab.db.transaction():
        record(lab.db, 1, weighed(2, **changes), (), session_id=None, now=lab.now)


def compute(lab, workunits: int) -> None:
    lab.host()
    lab.deploy(workunits=workunits)
    for _ in range(workunits):
        order = lab.order(1)
        lab.report(order, lab.output(order))
    lab.validate()


def pages_of(browse, lab) -> tuple[dict, dict, str]:
    reader = browse(lab)
    question = reader.get("/questions/tiny_sum.json").json["question"]
    return question, reader.get("/index.json").json["home"], reader.get("/questions/tiny_sum").text


@pytest.mark.parametrize("verdict", Verdict)
def test_a_headline_stands_on_every_page_just_while_its_verdict_does(browse, lab, verdict):
    say(lab, verdict=verdict)
    question, home, text = pages_of(browse, lab)
    assert question["headline"] == SAID.get(verdict)
    assert {answer["headline"] for answer in home["answers"]} == {SAID.get(verdict)} - {None}
    for said in SAID.values():
        assert (said in text) == (said == SAID.get(verdict))


def test_a_difference_that_is_there_takes_no_sentence_of_a_file_that_there_is_none(browse, lab):
    say(lab, verdict=Verdict.ABSENT, estimate=0.35, low=0.31, high=0.39)
    question, home, text = pages_of(browse, lab)
    assert question["headline"] is None
    assert home["answers"] == []
    assert SAID[Verdict.ABSENT] not in text
    answer = browse(lab).get("/findings/1.json").json["finding"]["answer"]
    assert "is typically higher" in answer
    assert "its file calls less than" in answer


def test_a_declared_answer_names_the_designs_of_which_it_is_not_sure(browse, lab):
    by_design = (DesignVerdict("declared", Verdict.POSITIVE), DesignVerdict("wide", Verdict.UNDECIDED))
    say(lab, verdict=Verdict.POSITIVE, designs=2, by_design=by_design)
    question, home, _ = pages_of(browse, lab)
    said = f"{SAID[Verdict.POSITIVE]}; sure in design declared, not yet in design wide"
    assert question["headline"] == said
    assert [answer["headline"] for answer in home["answers"]] == [said]
    assert browse(lab).get("/findings/1.json").json["finding"]["answer"].endswith("not yet in design wide")


def test_pages_that_were_seen_before_follow_each_change_of_a_verdict_and_a_status(browse, lab):
    reader = browse(lab)
    reader.app._fresh = 0.0  # so that each page is made again
    changes = [(Verdict.POSITIVE, "open"), (Verdict.UNDECIDED, "open"), (Verdict.ABSENT, "open")]
    for blocks, (verdict, status) in enumerate([*changes, (Verdict.ABSENT, "suspended")], 2):
        with lab.db.transaction():
            numbers = NONE if verdict is Verdict.ABSENT else {}
            record(lab.db, 1, weighed(blocks, verdict=verdict, **numbers), (), session_id=None, now=lab.now)
            lab.db.execute("UPDATE finding SET status = :status", status=status)
        headline = SAID.get(verdict) if status == "open" else None
        assert reader.get("/questions/tiny_sum.json").json["question"]["headline"] == headline
        assert [row["headline"] for row in reader.get("/index.json").json["home"]["answers"]] == [headline] * bool(
            headline
        )
        (row,) = reader.get("/findings.json").json["findings"]
        (seen,) = reader.get(f"/findings.json?{urlencode({'q': row['answer']})}").json["findings"]
        assert (row["verdict"], row["status"]) == (verdict, status)
        assert row["answer"] == seen["answer"] == reader.get("/findings/1.json").json["finding"]["answer"]
        assert row["answer"].startswith("Suspended") is (status == "suspended")


def test_a_later_text_of_the_same_version_answers_in_its_own_words(browse, small_lab, tmp_path):
    reader, said, other = browse(small_lab), SAID[Verdict.POSITIVE], "Totals grow with size"
    reader.app._fresh = 0.0  # so that each page is made again
    small_lab.publish(prepare_text("tiny_sum", tiny_source(), tmp_path))
    say(small_lab, verdict=Verdict.POSITIVE)
    assert answers_of(reader) == {"/questions": [None], "/index": []}
    small_lab.publish(prepare_text("tiny_sum", TEXT, tmp_path))
    assert answers_of(reader) == {"/questions": [said], "/index": [said]}
    small_lab.publish(prepare_text("tiny_sum", TEXT.replace(said, other), tmp_path))
    assert answers_of(reader) == {"/questions": [other], "/index": [other]}
    assert reader.get("/questions/tiny_sum.json").json["question"]["headline"] == other
    with small_lab.db.transaction():
        first = experiments.list_bundles(small_lab.db)[0]
        experiments.renumber_bundle(small_lab.db, first, serial=9, seal=first.seal, expires_at=first.expires_at)
    assert answers_of(reader) == {"/questions": [None], "/index": []}


def answers_of(reader) -> dict[str, list[str | None]]:
    listed, home = reader.get("/questions.json").json["questions"], reader.get("/index.json").json["home"]
    return {
        "/questions": [row["headline"] for row in listed],
        "/index": [row["headline"] for row in home["answers"]],
    }


def test_a_finding_of_a_retired_version_answers_nothing(browse, lab, tmp_path):
    say(lab, verdict=Verdict.POSITIVE)
    lab.publish(prepare_text("tiny_sum", TEXT.replace("version=1", "version=2"), tmp_path))
    question, home, _ = pages_of(browse, lab)
    assert (question["version"], question["headline"]) == (2, None)
    assert home["answers"] == []


@pytest.mark.parametrize("is_version", [False, True])
def test_to_retire_unsays_nothing_on_any_page(browse, lab, is_version):
    """Neither when a finding is retired, as the autopilot does with what is Definitive, nor with its whole version."""
    reader = browse(lab)
    reader.app._fresh = 0.0  # so that each page is made again
    say(lab, verdict=Verdict.POSITIVE, grade=Grade.DEFINITIVE)
    before, told = answers_of(reader), reader.get("/index.json").json["home"]
    if is_version:
        retire_version(lab.db, 1, "a test", lab.now)
    else:
        registrations.set_finding_status(lab.db, 1, "retired", "it is Definitive")
    assert answers_of(reader) == before == {"/questions": [SAID[Verdict.POSITIVE]], "/index": [SAID[Verdict.POSITIVE]]}
    home = reader.get("/index.json").json["home"]
    for counted in ("all_answers", "own_answers", "all_questions", "decided_findings"):
        assert home[counted] == told[counted] == 1
    assert [row["number"] for row in home["findings"]] == [1]
    assert SAID[Verdict.POSITIVE] in reader.get("/questions/tiny_sum").text
    assert "Not decided" not in reader.get("/questions/tiny_sum").text


def test_what_fell_is_no_answer_any_more(browse, lab):
    say(lab, verdict=Verdict.POSITIVE)
    with lab.db.transaction():
        lab.db.execute("UPDATE finding SET status = 'suspended'")
    question, home, text = pages_of(browse, lab)
    assert question["headline"] is None
    assert home["answers"] == []
    assert SAID[Verdict.POSITIVE] not in text


def test_what_a_file_asked_besides_stands_beside_the_answer_once_it_is_decided(browse, small_lab, tmp_path):
    own = TEXT[TEXT.index("        Estimand(") : TEXT.index("    ),\n    headlines")]
    other = own.replace("grows", "counts").replace('measure="total"', 'measure="count"')
    small_lab.publish(prepare_text("tiny_sum", TEXT.replace(own, own + other), tmp_path))
    reader = browse(small_lab)
    reader.app._fresh = 0.0  # so that each page is made again
    for number, besides in ((1, []), (2, [2])):
        with small_lab.db.transaction():
            record(small_lab.db, number, weighed(2), (), session_id=None, now=small_lab.now)
        question = reader.get("/questions/tiny_sum.json").json["question"]
        assert [row["number"] for row in question["told"]] == [1]
        assert [row["number"] for row in question["told_beside_answer"]] == besides


def test_an_answer_is_as_sure_as_the_finding_that_carries_it(browse, lab):
    say(lab, grade=Grade.MODERATE)
    question, home, _ = pages_of(browse, lab)
    assert question["carried_by"] == [1]
    assert question["grade"] == home["answers"][0]["grade"] == Grade.MODERATE
    assert question["repetitions"] == 16


def test_a_question_without_a_result_has_a_page(browse, lab):
    question, _, text = pages_of(browse, lab)
    assert question["headline"] is None
    assert "What is the sum? Not decided yet" in text


def test_whoever_shares_an_answer_shares_its_words(browse, lab):
    say(lab, verdict=Verdict.POSITIVE)
    reader = browse(lab)
    for path in ("/", "/questions/tiny_sum"):
        (title,) = re.findall('<meta property="og:title" content="([^"]*)">', reader.get(path).text)
        assert title.endswith(SAID[Verdict.POSITIVE])


def test_an_answer_that_may_be_too_small_says_so_wherever_it_is_named(browse, lab):
    say(lab, estimate=0.2, low=0.01, high=0.4)
    question, home, text = pages_of(browse, lab)
    reserved = f"{SAID[Verdict.POSITIVE]}; that may be too little to matter"
    assert question["headline"] == question["title"] == home["answers"][0]["headline"] == reserved
    assert [row["number"] for row in question["open"]] == [1], "what may be too small is still open"
    reader = browse(lab)
    pages = [text, *(reader.get(path).text for path in ("/", "/questions", "/questions/tiny_sum/picture"))]
    assert [page.count(SAID[Verdict.POSITIVE]) for page in pages] == [page.count(reserved) for page in pages]
    assert all(reserved in page for page in pages)


def test_the_picture_tells_what_is_the_same_at_all_its_points(browse, small_lab, tmp_path):
    words = 'figure=Figure(x="size", y="total", title="Totals"), words={"shift": "{value} steps aside"}, needs='
    text = tiny_source(has_shift=True).replace("import Experiment,", "import Experiment, Figure,")
    small_lab.publish(prepare_text("tiny_sum", text.replace("needs=", words), tmp_path))
    question, _, _ = pages_of(browse, small_lab)
    assert question["common"] == ["0 steps aside"]


def recorded() -> RecordedNumber:
    return RecordedNumber(
        at="2026-03-01",
        verdict=Verdict.POSITIVE,
        grade=Grade.MODERATE,
        centre="median",
        estimate=1.0,
        low=0.9,
        high=1.1,
        values=(1.0,) * 16,
    )


@pytest.mark.parametrize(
    ("own", "status", "is_recorded"),
    [
        (None, "open", True),
        (None, "retired", True),
        (None, "suspended", None),
        (None, "recalled", None),
        (Verdict.UNDECIDED, "open", True),
        (Verdict.UNDECIDED, "retired", True),
        (Verdict.POSITIVE, "open", False),
        (Verdict.POSITIVE, "retired", False),
        (Verdict.POSITIVE, "suspended", None),
        (Verdict.NEGATIVE, "open", None),
        (Verdict.NEGATIVE, "retired", None),
        (Verdict.NEGATIVE, "suspended", None),
    ],
)
def test_what_makers_measured_is_theirs_until_this_laboratory_says_so_or_otherwise(
    browse, lab, monkeypatch, own, status, is_recorded
):
    monkeypatch.setattr(recorded_answers, "_read", lambda: {("tiny_sum", 1): {"grows": recorded()}})
    if own:
        say(lab, verdict=own)
    registrations.set_finding_status(lab.db, 1, status, "a test")
    question, home, text = pages_of(browse, lab)
    assert [answer["headline"] for answer in home["answers"]] == [question["headline"]] * (is_recorded is not None)
    assert (SAID[Verdict.POSITIVE] in question["title"]) is (is_recorded is not None)
    assert question["headline"] == (None if is_recorded is None else SAID[Verdict.POSITIVE])
    assert (question["recorded"] is not None) is (is_recorded is True)
    assert ("Computed by the makers of Axiom" in text) is (is_recorded is True)


def test_what_the_makers_leave_open_is_not_told_as_unmeasured(browse, lab, monkeypatch):
    """Nor a number of theirs of which a repetition has no value as one of all repetitions."""
    grows = replace(recorded(), estimate=0.2, low=0.01, high=0.4, values=(0.2,) * 15 + (None,))
    monkeypatch.setattr(recorded_answers, "_read", lambda: {("tiny_sum", 1): {"grows": grows}})
    question, _, text = pages_of(browse, lab)
    assert question["told_by_makers"][0]["sure"].endswith("no value in 1 of 16 repetitions")
    assert [row["number"] for row in question["open"]] == [1]
    assert "of the makers leave it open" in text


@pytest.mark.parametrize(("measure", "is_drawn"), [("total", True), ("count", False)])
def test_the_figure_of_the_makers_is_shown_where_it_draws_what_their_answer_says(
    browse, small_lab, tmp_path, monkeypatch, measure, is_drawn
):
    figure = f'figure=Figure(x="size", y="{measure}", title="Totals"), needs='
    text = TEXT.replace("import Experiment,", "import Experiment, Figure,").replace("needs=", figure)
    small_lab.publish(prepare_text("tiny_sum", text, tmp_path))
    medians = {0: ConfigEstimate(16, 1.0, 0.9, 1.1), 1: ConfigEstimate(16, 2.0, 1.9, 2.1)}
    monkeypatch.setattr(recorded_answers, "_read", lambda: {("tiny_sum", 1): {"grows": recorded()}})
    monkeypatch.setattr(recorded_answers, "_read_sweeps", lambda: {("tiny_sum", 1): medians})
    question, _, page = pages_of(browse, small_lab)
    assert question["figure"]["is_ringed"] is is_drawn
    assert ("Ringed is a pair that a test of the answer compares" in page) is is_drawn
    repetitions = [[number, 1.0] for number in range(16)]
    assert question["figure"]["rows"] == ([[1, 16, 1.0, 0.9, 1.1], [2, 16, 2.0, 1.9, 2.1]] if is_drawn else repetitions)
    chosen = browse(small_lab).get("/questions/tiny_sum.json?line=1&at=2").json["question"]["figure"]
    told = " ".join(chosen.get("told", ()))
    assert ("measured by Axiom’s makers at 2 places, with 16 repetitions" in told) is is_drawn
    assert ("The median is 2 (95 % sure: 1.9 to 2.1), with size 2." in told) is is_drawn
    (stored,) = experiments.list_experiment_versions(small_lab.db)
    assert isinstance(recorded_picture(stored, stored_manifest(stored.manifest)), Sweep if is_drawn else Strip)


DRAWN = (
    tiny_source(has_shift=True)
    .replace("shift=[0]", "shift=[0, 1]")
    .replace("import Experiment,", "import Experiment, Figure,")
)
DRAWN = DRAWN.replace("needs=", 'figure=Figure(x="size", y="total", title="Totals"), needs=')


def test_what_an_address_chooses_of_a_picture_is_told_in_measured_numbers(browse, small_lab, tmp_path):
    small_lab.publish(prepare_text("tiny_sum", DRAWN, tmp_path))
    compute(small_lab, 9)
    with small_lab.db.transaction():
        small_lab.db.execute(
            "UPDATE result SET measures = json_set(measures, '$.total', replicate * 7 % 9 + 10 * config)"
        )
    reader = browse(small_lab)
    whole = reader.get("/questions/tiny_sum.json").json["question"]["figure"]
    assert [line["words"] for line in whole["lines"]] == ["shift 0", "shift 1"]
    assert "told" not in whole
    shown = {}
    for address in (*(line["href"] for line in whole["lines"]), "/questions/tiny_sum?line=2&at=1"):
        path, _, query = address.partition("?")
        figure = reader.get(f"{path}.json?{query}").json["question"]["figure"]
        assert figure["drawn"].count("<svg") == 2
        assert figure["embed"] == f"{path}/picture?{query}"
        assert figure["told"] == reader.get(f"{path}/picture.json?{query}").json["picture"]["figure"]["told"]
        shown[query] = " ".join(figure["told"])
    # Configs 0 and 2 are of the first line, 1 and 3 of the second; each has the median 4 above ten times its number.
    assert "The highest median is 24 (95 % sure: 20 to 28), with size 2." in shown["line=1"]
    assert "The lowest median is 4 (95 % sure: 0 to 8), with size 1." in shown["line=1"]
    assert "The highest median is 34 (" in shown["line=2"]
    assert "The median is 14 (95 % sure: 10 to 18), with size 1." in shown["line=2&at=1"]
    for wrong in ("line=3", "line=x", "line=1&at=9"):
        page = reader.get(f"/questions/tiny_sum?{wrong}")
        assert page.status == 400
        assert "means nothing here" in page.text


def test_a_place_where_nothing_has_a_value_is_named_since_no_mark_stands_there(browse, small_lab, tmp_path):
    small_lab.publish(prepare_text("tiny_sum", DRAWN, tmp_path))
    compute(small_lab, 1)
    reader = browse(small_lab)
    reader.app._fresh = 0.0  # so that each page is made again
    assert reader.get("/questions/tiny_sum.json").json["question"]["figure"]["valueless"] == []
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE result SET measures = json_set(measures, '$.total', NULL) WHERE config < 2")
    reader = browse(small_lab)
    assert reader.get("/questions/tiny_sum.json").json["question"]["figure"]["valueless"] == ["1"]
    assert "No repetition has a value at size 1." in reader.get("/questions/tiny_sum").text


def test_a_picture_of_what_happens_or_not_shows_how_often_it_did(browse, small_lab, tmp_path):
    """The median of yes and no would say yes of each config where it happened in more than half of the runs."""
    text = DRAWN.replace("Kind.CONTRAST", "Kind.PROPORTION").replace('{"size": 1}, {"size": 2}', '{"size": 2},')
    text = text.replace("smallest=", "null=0.5, smallest=").replace("0.5, 1.5", "0.6, 0.9")
    small_lab.publish(prepare_text("tiny_sum", text, tmp_path))
    compute(small_lab, 8)
    with small_lab.db.transaction():
        small_lab.db.execute("UPDATE result SET measures = json_set(measures, '$.total', replicate < 2 + config)")
    figure = browse(small_lab).get("/questions/tiny_sum.json?line=1&at=2").json["question"]["figure"]
    low, high = share_sequence(2, 8)
    assert figure["rows"][0] == [1, "shift 0", 8, 25.0, round(100 * low, 4), round(100 * high, 4)]
    assert [row[3] for row in figure["rows"]] == [25.0, 37.5, 50.0, 62.5]
    assert {"(%)", "Share"} <= set(figure["headings"][3].split())
    assert "The share is 50 % (95 % sure: " in " ".join(figure["told"]).replace("\N{NO-BREAK SPACE}", " ")
    (stored,) = experiments.list_experiment_versions(small_lab.db)
    sweep = experiment_sweep(small_lab.db, stored, stored_manifest(stored.manifest))
    page = browse(small_lab).get("/questions/tiny_sum").text
    for words in (tell_picture(sweep), svg_of(sweep), page, " ".join(figure["told"])):
        assert "edian" not in words
    assert ">100\N{NO-BREAK SPACE}%<" in svg_of(sweep)


def test_a_picture_tells_heights_in_what_the_sentences_about_it_tell_them():
    listed = json.loads((resources.files("axiom_catalogue") / "declared.json").read_text(encoding="utf-8"))
    told = {}
    for name, declared in listed["experiments"].items():
        told[name] = find_percent(read_manifest(canonical_bytes(declared["manifest"])))
    assert told["catapult_phase"] == "% of the curvature at the start"
    assert told["double_descent_in_networks"] == "%"  # contrasts of a share
    assert told["noise_hides_starts"] == "percentage points"  # a difference of shares, which is a level
    assert told["lottery_tickets_and_rank"] == "percentage points"  # no sentence tells it, and its file does
    assert told["critical_data_fraction"] == told["grokking_transition"] == ""  # a number of sums, and exponents


def test_no_shipped_picture_shows_a_median_of_what_happens_or_not():
    listed = json.loads((resources.files("axiom_catalogue") / "declared.json").read_text(encoding="utf-8"))
    drawn = []
    for declared in listed["experiments"].values():
        manifest = read_manifest(canonical_bytes(declared["manifest"]))
        if draws_shares(manifest):
            recorded_estimates = recorded_answers.find_recorded_estimates(manifest.name, manifest.version)
            drawn += recorded_estimates.values()
    assert drawn
    for seeds, estimate, low, high in drawn:
        shares = (round(seeds * estimate) / seeds, *share_sequence(round(seeds * estimate), seeds))
        assert (estimate, low, high) == pytest.approx(shares, rel=1e-4)


def test_other_sites_may_show_a_picture_alone_and_no_other_page(furnished_site):
    framed = set()
    for page in PAGES:
        path = page.path.replace("{number:number}", "1").replace("{name}", "tiny_sum")
        if "frame-ancestors 'none'" not in furnished_site.get(path).headers["content-security-policy"]:
            framed.add(path)
    assert framed == {"/questions/tiny_sum/picture", "/findings/1/picture"}


def mend_with_paper(lab, folder, value: float) -> None:
    """The file names a published number after its question was registered, which knows nothing of it."""
    published = f'published=Published(value={value}, reference="Noether 1918"), prediction='
    text = TEXT.replace("Prediction\n", "Prediction, Published\n", 1).replace("prediction=", published)
    lab.publish(prepare_text("tiny_sum", text, folder))


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (None, "nothing is weighed of it yet"),
        ((1, 1.3), "differs"),
        ((1, 2.4), "cannot tell yet"),
        ((1.95, 2), "agrees"),
    ],
)
def test_what_a_paper_said_stands_beside_what_was_measured(browse, lab, tmp_path, ends, told):
    mend_with_paper(lab, tmp_path, 2.0)
    if ends:
        say(lab, estimate=1.1, low=ends[0], high=ends[1])
    question, _, page = pages_of(browse, lab)
    (compared,) = question["compared"]
    assert compared["finding"] == (1 if ends else None)
    assert compared["words"].startswith("Noether 1918 (unverified) said +2; ")
    assert compared["words"].endswith(told)
    assert compared["words"] in page


def test_what_makers_measured_is_compared_while_nothing_else_is(browse, lab, tmp_path, monkeypatch):
    mend_with_paper(lab, tmp_path, 1.0)
    monkeypatch.setattr(recorded_answers, "_read", lambda: {("tiny_sum", 1): {"grows": recorded()}})
    (compared,) = pages_of(browse, lab)[0]["compared"]
    assert compared["finding"] is None
    assert compared["words"].endswith("the makers of Axiom measured +1.00 [+0.90, +1.10]: agrees")
