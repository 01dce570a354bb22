"""What a newcomer is told first: the operator's page as it is, everybody else's words as data, and few bytes."""

import pytest
from mcp_lab import QUESTION

from axiom.commands.proposals import ApproveProposal
from axiom.errors import NotFound
from axiom.mcp import tools
from axiom.mcp.answers import LONG, size
from axiom.service import callers


def test_it_says_what_stands_what_waits_and_what_is_left(mcp_lab):
    ada = mcp_lab.desk("ada")
    made = tools.call(ada, "proposal_make", {**QUESTION, "dry_run": False})
    brief = tools.call(ada, "lab_brief", {})
    assert brief["left_today"]["open_proposals"] == 2
    assert brief["left_today"]["proposal.make"] == 19
    (row,) = [row for row in brief["proposals"]["newest"] if row["number"] == made["proposal"]]
    assert row["question"] == {"untrusted": {"by": "program:ada", "text": QUESTION["question"]}}
    assert {row["number"] for row in brief["stands"]["newest"]} == {1, 2}
    assert all(set(row["claim"]) == {"untrusted"} for row in brief["stands"]["newest"])
    assert (brief["changed_since_session"]["from"], brief["charter"]) == ("2026-03-02-a", "")
    mcp_lab.gate.submit(ApproveProposal(proposal=made["proposal"], why="go on"), callers.operator())
    assert tools.call(ada, "lab_brief", {})["left_today"]["open_proposals"] == 3
    with pytest.raises(NotFound):
        tools.call(ada, "lab_brief", {"since": "2020-01-01-a"})


def test_the_operator_s_page_is_read_up_to_eight_kilobytes_even_if_it_is_no_text(mcp_lab):
    ada, charter = mcp_lab.desk("ada"), mcp_lab.lab.folder.charter
    for sign in ("x", "\n", '"', "é", "\x01", "\N{GRINNING FACE}"):
        charter.write_text(sign * 20_000, encoding="utf-8")
        brief = tools.call(ada, "lab_brief", {})
        assert size(brief) <= LONG
        assert len(brief["charter"].encode()) <= 8_010
        assert brief["charter"].startswith(sign * 100)
    charter.write_bytes(b"sizes \xff first")
    assert tools.call(ada, "lab_brief", {})["charter"] == "sizes \ufffd first"
