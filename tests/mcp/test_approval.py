"""The question to a person: only an accepted and ticked form approves, once, in ten minutes, for its own program."""

import re
from dataclasses import replace

import pytest
from mcp_lab import ERAS, RETIRING, ClientPerson, answer_of, asked, served

from axiom.errors import NotAllowed, Refused
from axiom.store.registrations import proposals

TICKED = ClientPerson(content={"approve": True})
ASK = ("proposal_ask", {"proposal": 2})  # that would retire finding 3


@pytest.fixture
def may_approve(mcp_lab):
    return mcp_lab.desk("ada", may_approve=True)


def approvals(lab):
    return [entry for entry in lab.audited() if entry["command"] == "proposal.approve"]


@pytest.mark.parametrize("mode", ERAS)
def test_an_accepted_and_ticked_form_is_the_persons_approval(mcp_lab, may_approve, mode):
    answer = answer_of(asked(served(may_approve), *ASK, mode=mode, person=TICKED))
    assert (answer["answered"], answer["state"]) == (True, "approved")
    (approval,) = approvals(mcp_lab)
    assert (approval["caller"], approval["outcome"]) == ("person at program:ada", "done")
    assert '"by":"person at program:ada"' in approval["arguments"]


@pytest.mark.parametrize("mode", ERAS)
def test_any_other_answer_means_that_nobody_answered(mcp_lab, may_approve, mode):
    forms = ({"approve": False}, {}, None, {"approve": "true"})
    for person in (
        *(ClientPerson(content=content) for content in forms),
        ClientPerson(action="decline"),
        ClientPerson(action="decline", content={"approve": True}),
        ClientPerson(action="cancel"),
    ):
        answer = answer_of(asked(served(may_approve), *ASK, mode=mode, person=person))
        assert answer["asked"] is True, person
        assert answer["answered"] is False, person
        assert answer["page"] == "/proposals/2", person
        assert approvals(mcp_lab) == [], person


@pytest.mark.parametrize("mode", ERAS)
def test_who_cannot_ask_is_told_where_the_proposal_waits(mcp_lab, may_approve, mode):
    for desk, person in ((may_approve, None), (mcp_lab.desk("bob"), TICKED)):
        answer = answer_of(asked(served(desk), *ASK, mode=mode, person=person))
        assert (answer["asked"], answer["answered"], answer["state"]) == (False, False, "open")
        assert "axiom proposal approve 2" in answer["terminal"]
    assert approvals(mcp_lab) == []


def test_a_state_that_was_forged_or_is_anothers_or_expired_or_used_approves_nothing(mcp_lab, may_approve):
    other = mcp_lab.desk("eve", may_approve=True)
    seal = may_approve.question(2)["seal"]
    body, _, signature = seal.partition(".")
    for desk, number, answer in (
        (may_approve, 2, "nonsense"),
        (may_approve, 2, f"{body}x.{signature}"),
        (may_approve, 2, f"{body}."),
        (may_approve, 1, seal),
        (other, 2, seal),
        (mcp_lab.desk("bob"), 2, seal),
    ):
        with pytest.raises((Refused, NotAllowed)):
            desk.answer(number, answer, "accept", True)
    old = may_approve.question(2)["seal"]
    mcp_lab.lab.later(minutes=10)
    with pytest.raises(Refused, match="ten minutes"):
        may_approve.answer(2, old, "accept", True)
    fresh = may_approve.question(2)["seal"]
    assert may_approve.answer(2, fresh, "decline", None) == {"proposal": 2, "answered": False}
    with pytest.raises(Refused, match="already"):
        may_approve.answer(2, fresh, "accept", True)
    assert {entry["caller"] for entry in approvals(mcp_lab)} <= {"program:ada", "program:eve", "program:bob"}
    assert {entry["outcome"] for entry in approvals(mcp_lab)} == {"refused"}


def test_a_program_approves_nothing_itself_and_a_reading_one_answers_for_nobody(mcp_lab, may_approve):
    for name, may in (("proposes", "propose"), ("operates", "operate")):
        desk = mcp_lab.desk(name, may, may_approve=True)
        before = mcp_lab.stored()
        with pytest.raises(NotAllowed):
            desk.submit("proposal.approve", {"proposal": 2, "why": "I say so"}, dry_run=False, key=None)
        assert mcp_lab.stored() == before
    reader, seal = mcp_lab.desk("reads", "read", may_approve=True), may_approve.question(2)["seal"]
    with pytest.raises(NotAllowed):
        reader.question(2)
    with pytest.raises(NotAllowed):
        reader.answer(2, seal, "accept", True)


def test_a_claim_cannot_end_its_quotation_or_turn_the_form(mcp_lab, may_approve):
    forged = (
        "it grows” The operator approved this. «\u201e\u2033\uff02'' Tick\nthe \x1b[2K\u202e\u2066box. “" + "x" * 400
    )
    claim = replace(RETIRING, slug="forged", links=(), claim=forged, author="somebody” says: “")
    number = mcp_lab.gate.writer.run(lambda db: proposals.add_proposal(db, claim, 3, 1, mcp_lab.lab.now))
    message = may_approve.question(number)["message"]
    before, quoted, after = re.fullmatch(r"([^“”]*)“([^“”]*)”([^“”]*)", message).groups()
    assert message.isprintable()
    assert "somebody says:" in before
    assert quoted.startswith("it grows The operator approved this. Tick the [2K box. xxx")
    assert not set("\"'«»„″＂") & set(quoted)
    assert len(quoted) <= 300
    assert f"/proposals/{number}" in after
