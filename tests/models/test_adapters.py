"""Both protocols are spoken through their SDKs, and whatever a service does becomes an answer or an error of ours."""

import json
import logging
import platform
import random
import time
from dataclasses import asdict

import pytest
from model_line import HELLO, SECRET, TOOL
from model_service import Play, chat_body, messages_body, model_service, played

from axiom.decisions.sessions.model_budget import TokenUsage
from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost, RequestRejected
from axiom.models import http_client
from axiom.models.chat_completions import ChatCompletionsModel
from axiom.models.conversation import AnswerEnd, ModelMessage, Speaker, ToolResult
from axiom.models.key import ModelKey
from axiom.models.messages import MessagesModel

BRIEF = ("call_1", "lab_brief", {"since": 3})
CHAT_BRIEF = ("call_1", "lab_brief", '{"since": 3}')


def brief(line):
    """A call of the tool, as this protocol says it."""
    return BRIEF if line.protocol == "messages" else CHAT_BRIEF


def test_an_answer_is_read(line):
    answer = line.say()
    assert (answer.text, answer.calls, answer.end) == ("hello", (), AnswerEnd.DONE)
    assert answer.usage == TokenUsage(read=12, cached=3, written=0, output=5)
    assert answer.model.endswith("of-a-test")


def test_a_call_and_its_result_are_one_conversation(line):
    line.plays(played(line.body(calls=[brief(line)], stop="tool_use" if line.protocol == "messages" else "tool_calls")))
    answer = line.say()
    (call,) = answer.calls
    assert (answer.end, call.id, call.name, call.words, call.fault) == (
        AnswerEnd.TOOLS,
        "call_1",
        "lab_brief",
        {"since": 3},
        "",
    )
    line.plays(played(line.body()))
    result = ModelMessage(speaker=Speaker.USER, results=(ToolResult(call_id="call_1", text="57 findings"),))
    line.model.say([*HELLO, answer.message, result], [TOOL], 100)
    assert [message["role"] for message in line.sent["messages"]] == (
        ["user", "assistant", "user"] if line.protocol == "messages" else ["system", "user", "assistant", "tool"]
    )
    assert "57 findings" in str(line.sent["messages"][-1])
    assert line.sent["max_tokens"] == 100
    assert len(line.sent["tools"]) == 1


def test_a_service_learns_nothing_of_this_computer(line, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_CUSTOM_HEADERS", "x-mine: secret")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "x-mine: secret")
    line.say()
    headers = line.service.requests[-1][0]
    assert set(headers) <= http_client._HEADERS | {"user-agent"}
    told = " ".join(headers.values()).lower()
    assert {platform.system().lower(), platform.machine().lower(), platform.python_version(), "python"} & set(
        told.replace("/", " ").split()
    ) == set()
    assert SECRET in told


FAILURES = [
    (Play(status=429, headers={"retry-after": "7"}), ModelBusy),
    (Play(status=529, body=b'{"error": "busy"}'), ModelBusy),
    (Play(status=500, body=b"[]"), ModelLost),
    (Play(status=503, body=b'{"error": {"type": []}}'), ModelLost),
    (Play(status=504), ModelLost),
    (Play(status=408), ModelLost),
    (Play(status=400, body=b'{"error": {"message": null}}'), RequestRejected),
    (Play(status=401, body=f'{{"error": "no {SECRET}"}}'.encode()), RequestRejected),
    (Play(status=404, body=b"\xff\xfe"), RequestRejected),
    (Play(status=413), RequestRejected),
    (Play(status=307, headers={"location": "http://127.0.0.1:9/elsewhere"}), RequestRejected),
    (Play(drop=True), ModelLost),
    (Play(body=b'{"content": [', says_length=4_000), ModelLost),
    (Play(body=b"\x1f\x8b", headers={"content-encoding": "gzip"}), ModelLost),
    (Play(body=b""), AnswerUnreadable),
    (Play(body=b"<html>"), AnswerUnreadable),
    (Play(body=b"\xff\xfe{}"), AnswerUnreadable),
    (Play(body=b"[]"), AnswerUnreadable),
    (Play(body=b"{}"), AnswerUnreadable),
    (Play(body=b"[" * 100_000), AnswerUnreadable),
    (Play(body=b'{"n": ' + b"9" * 5_000 + b"}"), AnswerUnreadable),
]


@pytest.mark.parametrize(("play", "error"), FAILURES)
def test_a_failure_is_an_error_of_ours_and_sent_once(line, play, error, caplog):
    caplog.set_level(logging.DEBUG)
    line.plays(play)
    with pytest.raises(ModelError) as raised:
        line.say()
    assert type(raised.value) is error
    assert len(line.service.requests) == 1
    assert raised.value.__cause__ is None
    assert SECRET not in f"{raised.value} {caplog.text}"


@pytest.mark.parametrize(
    ("told", "wait"), [("7", 7.0), ("0.5", 0.5), ("", None), ("-1", None), ("nan", None), ("inf", None), ("soon", None)]
)
def test_a_busy_service_says_for_how_long(line, told, wait):
    line.plays(Play(status=429, headers={"retry-after": told}))
    with pytest.raises(ModelBusy) as raised:
        line.say()
    assert raised.value.retry_after == wait


@pytest.mark.parametrize("slowly", [{"wait": 2.0}, {"pause": 0.2}])
def test_an_answer_that_comes_too_slowly_is_given_up(line, slowly):
    line.plays(played(line.body(text="word " * 2_000), **slowly))
    begun = time.monotonic()
    with pytest.raises(ModelLost):
        line.say(seconds=0.2)
    assert time.monotonic() - begun < 1.5


def test_an_answer_without_end_is_given_up(line, monkeypatch):
    monkeypatch.setattr(http_client, "MOST_BYTES", 100_000)
    line.plays(played(line.body(text="word " * 30_000)))
    with pytest.raises(ModelLost):
        line.say()


def test_a_service_that_is_not_there_took_nothing_on():
    with model_service(lambda _: Play()) as service:
        address = service.address
    for make in (MessagesModel, ChatCompletionsModel):
        with pytest.raises(ModelBusy):
            make(address=address, name="of-a-test", key=ModelKey("")).say(HELLO, [], 10)


UNREADABLE = {
    "messages": [
        messages_body(content=None),
        messages_body(content={"type": "text"}),
        messages_body(content=["hello"]),
        messages_body(content=[{"type": "text", "text": 7}]),
        messages_body(content=[{"text": "hello"}]),
        messages_body(stop="tired"),
        messages_body(stop_reason=None),
        messages_body(calls=[("", "lab_brief", {})]),
        messages_body(calls=[(7, "lab_brief", {})]),
        messages_body(calls=[BRIEF, BRIEF]),
        messages_body(calls=[("call_1", None, {})]),
        messages_body(model=7),
    ],
    "chat": [
        chat_body(choices=None),
        chat_body(choices=[]),
        chat_body(choices=chat_body()["choices"] * 2),
        chat_body(choices=["hello"]),
        chat_body(choices=[{"message": None, "finish_reason": "stop"}]),
        chat_body(choices=[{"message": {"content": ["hello"]}, "finish_reason": "stop"}]),
        chat_body(choices=[{"message": {"tool_calls": {}}, "finish_reason": "stop"}]),
        chat_body(choices=[{"message": {"tool_calls": [{"id": "a"}]}, "finish_reason": "stop"}]),
        chat_body(stop="tired"),
        chat_body(calls=[("", "lab_brief", "{}")]),
        chat_body(calls=[(None, "lab_brief", "{}")]),
        chat_body(calls=[CHAT_BRIEF, CHAT_BRIEF]),
        chat_body(calls=[("call_1", "lab_brief", {"since": 3})]),
    ],
}


def test_what_is_no_answer_is_not_used(line):
    for body in UNREADABLE[line.protocol]:
        line.plays(played(body))
        with pytest.raises(AnswerUnreadable):
            line.say()


USAGES = {
    "messages": [
        {},
        {"input_tokens": -5, "output_tokens": 5},
        {"input_tokens": 5, "output_tokens": -5},
        {"input_tokens": 5},
        {"input_tokens": "5", "output_tokens": 5},
        {"input_tokens": True, "output_tokens": 5},
        {"input_tokens": 0, "output_tokens": 0},
        {"input_tokens": 5, "output_tokens": 5, "cache_read_input_tokens": -1},
        {"input_tokens": 10**18, "output_tokens": 5},
    ],
    "chat": [
        {},
        {"prompt_tokens": -5, "completion_tokens": 5},
        {"prompt_tokens": 5, "completion_tokens": 1.5},
        {"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}},
        {"prompt_tokens": 5, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": "all"}},
    ],
}


def test_a_usage_that_cannot_be_is_none(line):
    for usage in (None, [], *USAGES[line.protocol]):
        line.plays(played(line.body(usage=usage)))
        answer = line.say()
        assert (answer.text, answer.usage) == ("hello", None)


ENDS = {
    "messages": {
        "end_turn": AnswerEnd.DONE,
        "stop_sequence": AnswerEnd.DONE,
        "tool_use": AnswerEnd.DONE,  # without a call there is nothing to wait for
        "pause_turn": AnswerEnd.PAUSED,
        "max_tokens": AnswerEnd.CUT,
        "refusal": AnswerEnd.REFUSED,
        "model_context_window_exceeded": AnswerEnd.FULL,
    },
    "chat": {"stop": AnswerEnd.DONE, "length": AnswerEnd.CUT, "content_filter": AnswerEnd.REFUSED},
}


def test_each_reason_to_stop_ends_the_conversation_or_goes_on(line):
    for stop, end in ENDS[line.protocol].items():
        line.plays(played(line.body(stop=stop)))
        assert line.say().end is end
    assert {end for end in AnswerEnd if not end.goes_on} == {AnswerEnd.DONE, AnswerEnd.REFUSED, AnswerEnd.FULL}


def test_a_call_in_an_answer_that_was_cut_is_not_made(line):
    line.plays(played(line.body(calls=[brief(line)], stop="max_tokens" if line.protocol == "messages" else "length")))
    answer = line.say()
    assert answer.end is AnswerEnd.CUT
    assert answer.calls[0].fault


def test_a_call_that_cannot_be_made_says_why(line):
    words = {
        "messages": [["since", 3], "since", None],
        "chat": ['["since", 3]', '{"since": 3', '{"since": NaN}', '{"since": 1e999}', "since", "[" * 100_000],
    }[line.protocol]
    for said in words:
        line.plays(played(line.body(calls=[("call_1", "lab_brief", said)])))
        (call,) = line.say().calls
        assert call.fault
        assert call.words == {}
    line.plays(played(line.body(calls=[("call_1", "lab_burn", brief(line)[2])])))
    assert "lab_brief" in line.say().calls[0].fault


def test_content_that_we_do_not_know_is_left_out(line):
    if line.protocol == "chat":
        line.plays(played(chat_body(text=None)))
        assert (line.say().text, line.say().end) == ("", AnswerEnd.DONE)
        return
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "hello"}, {"type": "dance"}]
    line.plays(played(messages_body(content=content)))
    assert (line.say().text, line.say().left_out) == ("hello", ("thinking", "dance"))


def test_half_a_character_can_be_stored_and_sent_again(line):
    line.plays(played(line.body(text="\ud800 half")))
    answer = line.say()
    answer.text.encode()
    line.model.say([*HELLO, answer.message], [TOOL], 100)


def test_a_service_that_tells_the_key_is_not_repeated(line):
    line.plays(played(line.body(text=f"the key is {SECRET}")))
    assert SECRET not in line.say().text


STRANGE = [None, True, -1, 0, 1e308, 10**400, "", "\ud800", [], {}, [[]], {"a": {}}, "text", ["text"], {"type": "text"}]


def changed(value, dice: random.Random):
    """The same with one thing in it replaced, removed or doubled."""
    if isinstance(value, dict) and value and dice.random() < 0.8:
        name = dice.choice(list(value))
        if dice.random() < 0.1:
            return {other: value[other] for other in value if other != name}
        return value | {name: changed(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.8:
        place = dice.randrange(len(value))
        if dice.random() < 0.1:
            return [*value, value[place]]
        return [*value[:place], changed(value[place], dice), *value[place + 1 :]]
    return dice.choice(STRANGE)


def test_whatever_a_service_answers_is_an_answer_or_an_error_of_ours(line):
    dice, unreadable = random.Random(7), 0
    for _ in range(150):
        body = changed(line.body(calls=[brief(line)]), dice)
        line.plays(played(changed(body, dice) if dice.random() < 0.5 else body))
        try:
            answer = line.say()
            json.dumps(asdict(answer)).encode()
            line.model.say([*HELLO, answer.message], [TOOL], 100)  # and it can be sent again
        except AnswerUnreadable:
            unreadable += 1
    assert 0 < unreadable < 150
