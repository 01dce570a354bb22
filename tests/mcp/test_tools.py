"""Every tool once; what is read strictly; what is cut to size and goes on; whose words come marked."""

import json

import pytest
from mcp_lab import ERAS, QUESTION, answer_of, asked, served

from axiom.commands.proposals import ApproveProposal
from axiom.errors import NotAllowed, Refused, UnknownName, WrongUse
from axiom.mcp import guide, tools
from axiom.mcp.answers import BRIEF, LONG, paged, size
from axiom.mcp.server import described
from axiom.service import callers

CALLS = {
    "lab_brief": [{}, {"since": "2026-03-02-a"}],
    "finding_list": [{}, {"text": "larger"}, {"verdict": "absent"}, {"long": True}],
    "finding_show": [
        {"number": 1, "part": part} for part in ("card", "history", "links", "notes", "predictions", "scope")
    ],
    "finding_near": [{"claim": "size matters"}, {"claim": "a larger total", "factors": "size=1,2", "measure": "total"}],
    "forecast_scores": [{}],
    "experiment_list": [{}, {"status": "published"}],
    "experiment_show": [
        {"name": "tiny_sum@1", "part": part}
        for part in ("about", "configs", "estimands", "findings", "gates", "progress", "source")
    ],
    "guide_show": [*({"part": part} for part in guide.GuidePart), {"part": "kit", "module": "chance"}],
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
    "paper_draft": [{"findings": "1,3", "text": "Nothing is known of {F3} yet.", "key": "p"}],
    "proposal_ask": [{"proposal": 1}],
}
NAMES = [*CALLS]
NAMES[NAMES.index("proposal_make") : NAMES.index("proposal_make")] = ["draft_preflight", "draft_propose"]
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
        assert size(answer_of(result)) <= (LONG if words.get("long") or name == "lab_brief" else BRIEF)


def test_no_answer_holds_what_hosts_and_volunteers_wrote_or_a_path(shared_lab, ada):
    said = "".join(json.dumps(tools.call(ada, name, words)) for name in READS for words in CALLS[name])
    for secret in ("kitchen.grace.example", "secret.shy.example", "Grace", "Shy", str(shared_lab.lab.folder.path)):
        assert secret not in said


def test_a_question_is_tried_made_told_as_its_authors_and_taken_back_by_nobody_else(mcp_lab):
    ada, eve = mcp_lab.desk("ada"), mcp_lab.desk("eve")
    before = mcp_lab.stored()
    assert tools.call(ada, "proposal_make", QUESTION)["dry_run"] is True
    assert mcp_lab.stored() == before
    made = tools.call(ada, "proposal_make", {**QUESTION, "dry_run": False, "key": "once"})
    assert tools.call(ada, "proposal_make", {**QUESTION, "dry_run": False, "key": "once"})["repeated"] is True
    row = next(row for row in tools.call(eve, "proposal_list", {})["proposals"] if row["number"] == made["proposal"])
    assert row["question"] == {"untrusted": {"by": "program:ada", "text": QUESTION["question"]}}
    with pytest.raises(Refused, match="finding 3"):
        tools.call(ada, "proposal_make", {**QUESTION, "smallest": 0.1, "claim": "a smaller size has a larger total"})
    words = {"proposal": made["proposal"], "why": "it was a mistake"}
    with pytest.raises(Refused):
        tools.call(eve, "proposal_withdraw", words)
    approval = ApproveProposal(proposal=made["proposal"], why="go on")
    (finding,) = mcp_lab.gate.submit(approval, callers.operator())["findings"]
    claim = tools.call(eve, "finding_show", {"number": finding})["claim"]
    assert claim == {"untrusted": {"by": "program:ada", "text": QUESTION["claim"]}}
    assert tools.call(ada, "proposal_withdraw", words)["retired"] == [finding]


def test_words_of_others_come_marked_as_data(ada):
    proposals = tools.call(ada, "proposal_list", {})["proposals"]
    assert all(isinstance(proposal["question"], str) for proposal in proposals)  # the autopilot's
    card = tools.call(ada, "finding_show", {"number": 1})
    assert card["claim"]["untrusted"]["by"] == "the file of tiny_sum"
    near = tools.call(ada, "finding_near", {"claim": "a larger size has a larger total", "measure": "total"})
    assert (near["is_known"], near["finding"]) == (True, near["nearest"][0]["number"])
    assert near["nearest"][0]["claim"]["untrusted"]["by"] == "the file of tiny_sum"
    links = tools.call(ada, "finding_show", {"number": 3, "part": "links"})["links"]
    assert links
    assert all(set(link["why"]) == {"untrusted"} for link in links)
    assert set(tools.call(ada, "experiment_show", {"name": "tiny_sum", "part": "source"})["source"]) == {"untrusted"}


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
        tools.call(ada, name, words)
    assert asked(served(ada), name, words).is_error
    entry = shared_lab.audited()[-1]
    assert (entry["caller"], entry["command"], entry["outcome"]) == ("program:ada", name, "refused")
    assert len(entry["arguments"]) + len(entry["answer"]) < 5_000
    assert shared_lab.stored() == before


def test_a_caller_sees_what_its_token_allows_and_always_the_same_bytes(shared_lab, ada):
    reader, operator = shared_lab.desk("reader", "read"), shared_lab.desk("operator", "operate")
    seen = {
        desk.caller().name: [tool.name for tool in tools.offered(desk.caller())] for desk in (reader, ada, operator)
    }
    assert "finding_link" not in seen["program:reader"]
    assert seen["program:ada"] == seen["program:operator"] == NAMES
    whole = [tool.name for tool in tools.offered(operator.caller(), operates=True)]
    assert whole[: len(NAMES)] == NAMES
    assert "experiment_deploy" in whole
    assert not {"proposal_approve", "program_add", "account_open", "experiment_preflight"} & set(whole)
    lists = [_listed(ada), _listed(ada)]
    assert lists[0] == lists[1]
    assert len(lists[0]) <= 16_000


def _listed(desk) -> bytes:
    every = [
        described(tool).model_dump(mode="json", by_alias=True, exclude_none=True)
        for tool in tools.offered(desk.caller())
    ]
    return json.dumps(every).encode()


def test_an_answer_that_was_cut_goes_on_where_it_stopped():
    whole = {
        "about": "a text of some length, which is no list",
        "rows": [{"number": each, "text": "x" * 90} for each in range(300)],
        "source": "line\n" * 4_000,
        "end": 1,
    }
    parts, cursor = [], ""
    while True:
        part = paged(whole, cursor, BRIEF)
        assert size(part) <= BRIEF
        parts.append(part)
        if not part.get("truncated"):
            break
        cursor = part["cursor"]
    rows = [row for part in parts for row in part.get("rows", [])]
    assert [row["number"] for row in rows] == list(range(300))
    assert "".join(part.get("source", "") for part in parts) == whole["source"]
    assert sum("end" in part for part in parts) == 1
