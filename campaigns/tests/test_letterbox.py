"""Somebody behind a model's address holds a round with the client that the scientist uses."""

import json
import threading
import time
from pathlib import Path

import letterbox as campaign
import pytest
from furnished_lab import QUESTION
from mcp_lab import opened
from model_letterbox import MODEL, Letterbox, render_conversations, serve_letterbox
from patience import PATIENCE
from scientist_lab import ScientistLab

from axiom.errors import ModelError
from axiom.laboratory.findings.score_predictions import score_predictions
from axiom.models.chat_completions import ChatCompletionsModel
from axiom.models.key import ModelKey
from axiom.models.model import ModelMessage, Speaker
from axiom.settings import Settings

HELLO = (ModelMessage(speaker=Speaker.USER, text="Say hello."),)


def wait_for_request(letterbox: Letterbox) -> int:
    until = time.monotonic() + PATIENCE
    while not (waiting := letterbox.list_open()):
        assert time.monotonic() < until
        time.sleep(0.01)
    return waiting[0]


@pytest.fixture
def letterbox(tmp_path: Path) -> Letterbox:
    return Letterbox(folder=tmp_path / "letters", patience=PATIENCE)


def test_a_round_is_held_by_somebody_who_answers_files(new_lab, prepared, tmp_path, letterbox):
    seen = []

    def think() -> None:
        number = wait_for_request(letterbox)
        seen.append(letterbox.read_news(number))
        letterbox.reply(number, calls=[("lab_brief", {}), ("proposal_make", QUESTION)])
        number = wait_for_request(letterbox)
        seen.append(letterbox.read_news(number))
        letterbox.reply(number, text="That is all.")

    thinker = threading.Thread(target=think)
    with opened(new_lab(tmp_path / "lab"), prepared) as mcp, serve_letterbox(letterbox) as address:
        mcp.gate.writer.run(lambda db: score_predictions(db, mcp.lab.now))
        mcp.lab.folder.keys.mkdir(exist_ok=True)
        settings = Settings(model_address=address, model_protocol="chat", model_name=MODEL)
        lab = ScientistLab(mcp=mcp, line=None, settings=settings)
        thinker.start()
        (note,) = lab.notes(lab.held(), "pi.")
        thinker.join()
    assert (note.kind, note.facts["requests"]) == ("pi.scientist", 2)
    assert note.facts["tokens"] > 1_000
    assert [message["role"] for message in seen[0]] == ["system", "user"]
    brief, dry = (json.loads(message["content"]) for message in seen[1])
    assert brief["yours"]["questions"] == []
    assert dry["dry_run"] is True
    told = render_conversations(letterbox)
    assert told.count("# Conversation") == 1
    assert "`proposal_make`" in told
    assert "That is all." in told
    assert told.endswith("Calls: 2, of which 1 read.\n")


def test_the_program_answers_by_calls_and_words_and_waits_for_no_request_for_ever(letterbox, tmp_path, capsys):
    letterbox.folder.mkdir()
    assert campaign.main(["next", str(letterbox.folder), "--wait", "0"]) == 1
    text = tmp_path / "a.py"
    text.write_text("x = 1\n")
    answers = []
    with serve_letterbox(letterbox) as address:
        model = ChatCompletionsModel(address=address, name=MODEL, key=ModelKey(""))
        asking = threading.Thread(target=lambda: answers.append(model.say(HELLO, (), 100)))
        asking.start()
        wait_for_request(letterbox)
        assert campaign.main(["next", str(letterbox.folder)]) == 0
        assert campaign.main(["say", str(letterbox.folder), "1", "Hello."]) == 0
        asking.join()
    assert capsys.readouterr().out == "request 1\n--- user\nSay hello.\n"
    assert answers[0].text == "Hello."
    campaign.main(["call", str(letterbox.folder), "2", "draft_write", json.dumps({"text": f"@{text}"})])
    (call,) = json.loads((letterbox.folder / "2.answer.json").read_text())["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"text": "x = 1\n"}


def test_who_is_not_there_is_a_service_that_does_not_answer(tmp_path):
    nobody = Letterbox(folder=tmp_path / "letters", patience=0.0)
    with serve_letterbox(nobody) as address:
        model = ChatCompletionsModel(address=address, name=MODEL, key=ModelKey(""))
        with pytest.raises(ModelError):
            model.say(HELLO, (), 100)
