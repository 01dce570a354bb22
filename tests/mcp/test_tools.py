"""Every tool once; what is read strictly; what is cut to size and goes on; whose words come marked."""

import json
import re

import pytest
from evidence_lines import record
from furnished_lab import QUESTION, weighed
from hostile_tools import HostileTools
from mcp_lab import ERAS, answer_of, asked, served
from starlette.testclient import TestClient

from axiom.errors import NotAllowed, NotFound, Refused, UnknownName, WrongUse
from axiom.laboratory.proposals.commands.proposals import ApproveProposal, RefuseProposal
from axiom.laboratory.proposals.open_orders import open_cost
from axiom.limits import language_models as model_limits
from axiom.mcp import tools, writing_guide
from axiom.mcp.answers import answer_size, cut_answer_page
from axiom.mcp.server import describe_tool
from axiom.service import standard_callers as callers
from axiom.store.rounds import rounds
from axiom.web.site.app import make_site

CALLS = {
    "lab_brief": [{}, {"since": "2026-03-02-a"}],
    "finding_list": [{}, {"text": "larger"}, {"verdict": "absent"}, {"long": True}],
    "finding_show": [
        {"number": 1, "part": part} for part in ("card", "history", "links", "predictions", "said", "scope")
    ],
    "finding_near": [{"claim": "size matters"}, {"claim": "a larger total", "factors": "size=1,2", "measure": "total"}],
    "forecast_scores": [{}],
    "experiment_list": [{}, {"status": "published"}],
    "experiment_show": [
        {"name": "tiny_sum@1", "part": part}
        for part in ("about", "configs", "estimands", "findings", "gates", "progress", "source")
    ],
    "guide_show": [*({"part": part} for part in writing_guide.GuidePart), {"part": "kit", "module": "chance"}],
    "result_summary": [{"experiment": "tiny_sum@1"}, {"experiment": "tiny_sum@1", "measure": "count"}],
    "failure_list": [{}, {"experiment": "tiny_sum"}],
    "fleet_show": [{}],
    "session_show": [{}, {"section": "Credit"}],
    "session_plan": [{}],
    "proposal_list": [{}, {"state": "open"}],
    "job_show": [{}],
    "finding_link": [{"source": "1", "kind": "tests", "target": "2", "why": "it is so", "key": "k"}],
    "finding_note": [{"finding": 1, "text": "Somebody should look at this.", "key": "n"}],
    "draft_write": [{"experiment": "own_sum", "text": "import os", "key": "d"}],
    "proposal_make": [QUESTION],  # a dry run where nothing else is said
    "log_write": [{"text": "The sum grows: {F1.estimate}.", "key": "w"}],
    "paper_draft": [{"findings": "1,2", "text": "Three of four, first of all: {F2}.", "key": "p"}],
    "notebook_write": [{"text": "Look at finding 1 again.", "wake_when": "finding 1", "key": "b"}],
    "proposal_ask": [{"proposal": 1}],
}
NAMES = [*CALLS]
DRAFTS = ["draft_preflight", "draft_smoke", "draft_propose", "draft_drop"]
NAMES[NAMES.index("proposal_make") : NAMES.index("proposal_make")] = DRAFTS
NAMES[NAMES.index("log_write") : NAMES.index("log_write")] = ["proposal_withdraw", "registration_predict"]
READS = [*CALLS][: NAMES.index("finding_link")]


@pytest.fixture(scope="module")
def ada(shared_lab):
    return shared_lab.desk("ada")


def test_every_tool_is_called_here():
    assert [tool.name for tool in tools.TOOLS] == NAMES


@pytest.mark.parametrize("mode", ERAS)
@pytest.mark.parametrize("name", CALLS)
def test_a_tool_answers_in_few_bytes_and_says_it_twice(ada, name, mode):
    for words in CALLS[name]:
        result = asked(served(ada), name, words, mode=mode)
        assert not result.is_error, result.content
        assert answer_size(answer_of(result)) <= (
            model_limits.TOOL_ANSWER_LONG_BYTES
            if words.get("long") or name == "lab_brief"
            else model_limits.TOOL_ANSWER_BYTES
        )


def test_no_answer_holds_what_hosts_and_volunteers_wrote_or_a_path(shared_lab, ada):
    answers = "".join(json.dumps(tools.call_tool(ada, name, words)) for name in READS for words in CALLS[name])
    for secret in ("kitchen.grace.example", "secret.shy.example", "Grace", "Shy", str(shared_lab.lab.folder.path)):
        assert secret not in answers


def test_a_question_is_tried_made_told_as_its_authors_and_taken_back_by_nobody_else(mcp_lab):
    ada, eve = mcp_lab.desk("ada"), mcp_lab.desk("eve")
    before = mcp_lab.stored()
    dry = tools.call_tool(ada, "proposal_make", QUESTION)
    assert (dry["dry_run"], dry["forecast"].split()[4]) == (True, "informed")
    assert "provisional" in dry["kept"]
    assert mcp_lab.stored() == before
    made = tools.call_tool(ada, "proposal_make", {**QUESTION, "dry_run": False, "key": "once"})
    assert tools.call_tool(ada, "proposal_make", {**QUESTION, "dry_run": False, "key": "once"})["repeated"] is True
    row = next(
        row for row in tools.call_tool(eve, "proposal_list", {})["proposals"] if row["number"] == made["proposal"]
    )
    assert row["question"] == {"untrusted": {"by": "program:ada", "text": QUESTION["question"]}}
    with pytest.raises(Refused, match="finding 3"):
        tools.call_tool(
            ada,
            "proposal_make",
            {**QUESTION, "null": 0.0, "smallest": 0.1, "claim": "a smaller size has a larger total"},
        )
    words = {"proposal": made["proposal"], "why": "it was a mistake"}
    with pytest.raises(Refused):
        tools.call_tool(eve, "proposal_withdraw", words)
    approval = ApproveProposal(proposal=made["proposal"], why="go on")
    (finding,) = mcp_lab.gate.submit(approval, callers.operator_caller())["findings"]
    claim = tools.call_tool(eve, "finding_show", {"number": finding})["claim"]
    assert claim == {"untrusted": {"by": "program:ada", "text": QUESTION["claim"]}}
    decided = next(
        row for row in tools.call_tool(ada, "proposal_list", {})["proposals"] if row["number"] == made["proposal"]
    )
    (entry,) = decided["said"]
    assert entry["by"] == "operator"
    assert entry["checked"] is False
    assert entry["text"]["untrusted"]["text"] == "go on"
    assert tools.call_tool(ada, "proposal_withdraw", words)["retired"] == [finding]


def test_every_surface_tells_a_design_s_likely_and_most_cost_and_limits_use_the_most(mcp_lab):
    ada, names = mcp_lab.desk("ada"), ("core_hours", "most_core_hours")
    before = tools.call_tool(ada, "lab_brief", {})["left_today"]["most_core_hours"]
    dry = tools.call_tool(ada, "proposal_make", QUESTION)
    made = tools.call_tool(ada, "proposal_make", {**QUESTION, "dry_run": False})
    likely, most = cost = tuple(made[name] for name in names)
    assert 0 < likely < most
    address = f"/proposals/{made['proposal']}"
    rows = [
        dry,
        next(
            row for row in tools.call_tool(ada, "proposal_list", {})["proposals"] if row["number"] == made["proposal"]
        ),
        next(row for row in ada.read("/proposals", {})["proposals"] if row["number"] == made["proposal"]),
        ada.read(address, {})["proposal"],
    ]
    assert [tuple(row[name] for name in names) for row in rows] == [cost] * len(rows)
    browser = TestClient(make_site(mcp_lab.pages))
    assert f"Likely {likely} core-hours, at most {most}" in browser.get(address).text
    assert re.search(f'class="num">{likely}</td><td [^>]*class="num">{most}</td>', browser.get("/proposals").text)
    left = tools.call_tool(ada, "lab_brief", {})["left_today"]["most_core_hours"]
    assert before - left == pytest.approx(most, abs=0.001)
    mcp_lab.gate.submit(ApproveProposal(proposal=made["proposal"], why="go on"), callers.operator_caller())
    with mcp_lab.pages.readers.reader() as db:
        assert open_cost(db, "program:ada").shown == {"core_hours": likely, "most_core_hours": most}


def test_a_list_of_proposals_goes_on_where_a_page_of_it_ends(mcp_lab, monkeypatch):
    ada = mcp_lab.desk("ada")
    tools.call_tool(ada, "proposal_make", {**QUESTION, "dry_run": False})
    numbers = [row["number"] for row in tools.call_tool(ada, "proposal_list", {})["proposals"]]
    assert len(numbers) > 1
    monkeypatch.setattr("axiom.reads.base.paging.LENGTH", 1)
    told, cursor = [], ""
    for _ in numbers:
        part = tools.call_tool(ada, "proposal_list", {"cursor": cursor})
        told += [row["number"] for row in part["proposals"]]
        cursor = part.get("cursor", "")
    assert told == numbers
    assert cursor == ""
    assert part["matching"] == len(numbers)


def test_words_of_others_come_marked_as_data(ada):
    proposals = tools.call_tool(ada, "proposal_list", {})["proposals"]
    assert all(isinstance(proposal["question"], str) for proposal in proposals)  # the autopilot's
    card = tools.call_tool(ada, "finding_show", {"number": 1})
    assert card["claim"]["untrusted"]["by"] == "the file of tiny_sum"
    near = tools.call_tool(ada, "finding_near", {"claim": "a larger size has a larger total", "measure": "total"})
    assert (near["is_known"], near["finding"]) == (True, near["nearest"][0]["number"])
    assert near["nearest"][0]["claim"]["untrusted"]["by"] == "the file of tiny_sum"
    links = tools.call_tool(ada, "finding_show", {"number": 3, "part": "links"})["links"]
    assert links
    quotes = tools.call_tool(ada, "finding_show", {"number": 1, "part": "said"})["said"]
    quotes += [entry for link in links for entry in link["said"]]
    assert quotes
    assert all((set(entry["text"]), entry["checked"]) == ({"untrusted"}, False) for entry in quotes)
    assert set(tools.call_tool(ada, "experiment_show", {"name": "tiny_sum", "part": "source"})["source"]) == {
        "untrusted"
    }


@pytest.mark.parametrize(
    ("name", "words", "error"),
    [
        ("finding_show", {"number": "3"}, WrongUse),
        ("finding_show", {"number": True}, WrongUse),
        ("finding_show", {"number": 2**63}, WrongUse),
        ("finding_show", {"number": float("nan")}, WrongUse),
        ("finding_show", {"number": 1, "parts": "card"}, UnknownName),
        ("finding_list", {"text": "x" * 300_000}, WrongUse),
        ("finding_list", {"cursor": "nonsense"}, WrongUse),
        ("proposal_list", {"cursor": "7"}, WrongUse),
        ("session_show", {"cursor": "nonsense"}, WrongUse),
        ("finding_link", {"source": "1", "kind": "tests", "target": "2", "why": "so", "by": "operator"}, UnknownName),
        ("findings_list", {}, UnknownName),
        ("program_add", {}, UnknownName),
        ("experiment_deploy", {}, NotAllowed),
    ],
)
def test_what_cannot_be_read_is_refused_and_remembered(shared_lab, ada, name, words, error):
    before = shared_lab.stored()
    with pytest.raises(error):
        tools.call_tool(ada, name, words)
    assert asked(served(ada), name, words).is_error
    entry = shared_lab.audited()[-1]
    assert (entry["caller"], entry["command"], entry["outcome"]) == ("program:ada", name, "refused")
    assert len(entry["arguments"]) + len(entry["answer"]) < 5_000
    assert shared_lab.stored() == before


def test_a_caller_sees_what_its_token_allows_and_always_the_same_bytes(shared_lab, ada):
    reader, operator = shared_lab.desk("reader", "read"), shared_lab.desk("operator", "operate")
    names = [[tool.name for tool in tools.list_offered_tools(desk.caller())] for desk in (reader, ada, operator)]
    assert "finding_link" not in names[0]
    assert names[1] == names[2] == NAMES
    whole = [tool.name for tool in tools.list_offered_tools(operator.caller(), operates=True)]
    assert whole[: len(NAMES)] == NAMES
    assert "experiment_deploy" in whole
    assert not {"proposal_approve", "program_add", "account_open", "experiment_preflight"} & set(whole)
    assert _listed(ada) == _listed(ada)
    assert len(_listed(ada)) <= 16_400


def _listed(desk) -> bytes:
    shown = [describe_tool(tool) for tool in tools.list_offered_tools(desk.caller())]
    return json.dumps([tool.model_dump(mode="json", by_alias=True, exclude_none=True) for tool in shown]).encode()


def test_an_answer_that_was_cut_goes_on_where_it_stopped():
    whole = {
        "about": "a text of some length, which is no list",
        "rows": [{"number": number, "text": "x" * 90} for number in range(300)],
        "source": "line\n" * 4_000,
        "end": 1,
    }
    parts, cursor = [], ""
    while True:
        part = cut_answer_page(whole, cursor, model_limits.TOOL_ANSWER_BYTES)
        assert answer_size(part) <= model_limits.TOOL_ANSWER_BYTES
        parts.append(part)
        if not part.get("truncated"):
            break
        cursor = part["cursor"]
    rows = [row for part in parts for row in part.get("rows", [])]
    assert [row["number"] for row in rows] == list(range(300))
    assert "".join(part.get("source", "") for part in parts) == whole["source"]
    assert sum("end" in part for part in parts) == 1


def test_the_brief_says_what_stands_what_waits_and_what_is_left(mcp_lab):
    ada = mcp_lab.desk("ada")
    question = tools.call_tool(ada, "proposal_make", {**QUESTION, "dry_run": False})
    brief = tools.call_tool(ada, "lab_brief", {})
    assert brief["left_today"]["open_proposals"] == 2
    assert brief["left_today"]["proposal.make"] == 19
    (row,) = [row for row in brief["proposals"]["newest"] if row["number"] == question["proposal"]]
    assert row["question"] == {"untrusted": {"by": "program:ada", "text": QUESTION["question"]}}
    assert {row["number"] for row in brief["stands"]["newest"]} == {1, 2}
    assert all(set(row["claim"]) == {"untrusted"} for row in brief["stands"]["newest"])
    assert (brief["changed_since_session"]["from"], brief["charter"]) == ("2026-03-02-a", "")
    mcp_lab.gate.submit(ApproveProposal(proposal=question["proposal"], why="go on"), callers.operator_caller())
    assert tools.call_tool(ada, "lab_brief", {})["left_today"]["open_proposals"] == 3
    with pytest.raises(NotFound):
        tools.call_tool(ada, "lab_brief", {"since": "2020-01-01-a"})


def test_a_program_is_told_what_became_of_its_questions_and_reads_its_notebook_alone(mcp_lab):
    ada, eve = mcp_lab.desk("ada"), mcp_lab.desk("eve")
    assert tools.call_tool(ada, "lab_brief", {})["notebook"] is None
    page = {"text": "Sizes are done.\nNext: shifts.", "wake_when": "finding 3"}
    tools.call_tool(ada, "notebook_write", {"text": "An older page."})
    tools.call_tool(ada, "notebook_write", page)
    tools.call_tool(ada, "log_write", {"text": "I ask of the smaller one."})
    first = tools.call_tool(ada, "proposal_make", {**QUESTION, "dry_run": False})["proposal"]
    other = {**QUESTION, "claim": "size 1 has a total that is larger by far", "smallest": 0.4, "dry_run": False}
    second = tools.call_tool(ada, "proposal_make", other)["proposal"]
    operator, grounds = callers.operator_caller(), "Nobody needs it twice."
    mcp_lab.gate.submit(RefuseProposal(proposal=second, why=grounds), operator)
    (finding,) = mcp_lab.gate.submit(ApproveProposal(proposal=first, why="go on"), operator)["findings"]
    brief = tools.call_tool(ada, "lab_brief", {})
    yours, (refused, approved) = brief["yours"], brief["yours"]["questions"]
    assert {name: brief["notebook"][name] for name in page} == page
    assert yours["last_words"]["text"] == "I ask of the smaller one."
    assert (refused["proposal"], refused["state"], refused["findings"]) == (second, "refused", [])
    assert refused["why"] == {"untrusted": {"by": "operator", "text": grounds}}
    (waits,) = approved["findings"]
    assert (waits["finding"], waits["cells_back"]) == (finding, 0)
    assert waits["cells_of_first_block"] > 0
    assert waits["expected"] == {"positive": 0.7, "negative": 0.2, "absent": 0.1, "interval": [0.1, 2.0]}
    mcp_lab.gate.writer.run(lambda db: record(db, finding, weighed(2), [], session_id=None, now=mcp_lab.lab.now))
    (came,) = tools.call_tool(ada, "lab_brief", {})["yours"]["questions"][1]["findings"]
    assert (came["verdict"], came["grade"], came["estimate"]) == ("effect +", "Moderate", 0.931)
    assert came["expected"] == waits["expected"]
    theirs = tools.call_tool(eve, "lab_brief", {})
    assert (theirs["notebook"], theirs["yours"]) == (None, {"last_words": None, "questions": []})
    elsewhere = json.dumps([tools.call_tool(eve, name, words) for name in READS for words in CALLS[name]])
    assert "Next: shifts." not in elsewhere + json.dumps(mcp_lab.audited(200))
    with pytest.raises(NotFound):
        tools.call_tool(ada, "notebook_write", {"text": "x", "wake_when": "finding 999"})


def test_what_is_told_of_own_questions_stays_short_and_keeps_the_newest(mcp_lab):
    ada, operator = mcp_lab.desk("ada"), callers.operator_caller()
    for size in range(8):
        words = {**QUESTION, "claim": f"size 1 has a larger total, {size} " + "x" * 400, "smallest": 0.5 + size}
        made = tools.call_tool(ada, "proposal_make", {**words, "dry_run": False})["proposal"]
        mcp_lab.gate.submit(RefuseProposal(proposal=made, why="y" * 500), operator)
    tools.call_tool(ada, "log_write", {"text": "z" * 3_000})
    yours = tools.call_tool(ada, "lab_brief", {})["yours"]
    assert answer_size(yours) <= model_limits.OWN_PAGE_BYTES
    assert yours["questions"][0]["proposal"] == made


def test_a_search_finds_every_word_wherever_it_stands(ada):
    for name, rows in (("finding_list", "findings"), ("experiment_list", "experiments")):
        assert tools.call_tool(ada, name, {"text": "tiny_sum"})[rows]
        assert not tools.call_tool(ada, name, {"text": "tiny_sum nowhere"})[rows]
    assert tools.call_tool(ada, "finding_list", {"text": "total larger"})["findings"]
    assert tools.call_tool(ada, "experiment_list", {"text": "sum the"})["experiments"]


def test_what_changed_since_a_round_that_no_log_tells_of_is_what_came_after_it(mcp_lab):
    ada = mcp_lab.desk("ada")
    begin = {"pi": "autopilot", "reason": "a test", "now": mcp_lab.lab.now}
    quiet = mcp_lab.gate.writer.run(lambda db: rounds.begin_round(db, **begin))
    since = tools.call_tool(ada, "lab_brief", {"since": quiet.name})["changed_since_session"]
    assert (since["from"], since["to"], since["findings"]) == (quiet.name, quiet.name, [])


def test_the_operator_s_page_is_read_up_to_eight_kilobytes_even_if_it_is_no_text(mcp_lab):
    ada, charter = mcp_lab.desk("ada"), mcp_lab.lab.folder.charter
    for sign in ("x", "\n", '"', "é", "\x01", "\N{GRINNING FACE}"):
        charter.write_text(sign * 20_000, encoding="utf-8")
        brief = tools.call_tool(ada, "lab_brief", {})
        assert answer_size(brief) <= model_limits.TOOL_ANSWER_LONG_BYTES
        assert len(brief["charter"].encode()) <= 8_010
        assert brief["charter"].startswith(sign * 100)
    charter.write_bytes(b"sizes \xff first")
    assert tools.call_tool(ada, "lab_brief", {})["charter"] == "sizes \ufffd first"


def test_hostile_sequences_have_no_effect_beyond_rights_and_limits(mcp_lab):
    hostile = HostileTools(lab=mcp_lab, seed=7)
    hostile.play(300)
    assert hostile.broken() == []
    assert hostile.endings.total() == 3_000
    assert min(hostile.endings[kind] for kind in ("answered", "WrongUse", "UnknownName", "NotAllowed", "Refused")) > 20
