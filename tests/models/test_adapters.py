"""Both protocols are spoken through their SDKs, and whatever a service does becomes an answer or an error of ours."""

import json
import logging
import platform
import random
from dataclasses import asdict

import pytest
from model_line import HELLO, SECRET, TOOL
from model_service import Play, chat_body, messages_body, model_service, played

from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost, RequestRejected
from axiom.limits import language_models as limits
from axiom.models import http_client
from axiom.models.chat_completions import ChatCompletionsModel
from axiom.models.key import ModelKey
from axiom.models.messages import MessagesModel
from axiom.models.model import AnswerEnd, ModelMessage, Speaker, ToolResult
from axiom.rules.language_models import TokenUsage

BRIEF = ("call_1", "lab_brief", {"since": 3})
CHAT_BRIEF = ("call_1", "lab_brief", '{"since": 3}')


def brief(line):
    """A call of the tool, as this protocol says it."""
    return BRIEF if line.protocol == "messages" else CHAT_BRIEF


def test_a_call_and_its_result_are_one_conversation(line):
    line.plays(played(line.body(calls=[brief(line)], stop="tool_use" if line.protocol == "messages" else "tool_calls")))
    answer = line.say()
    (call,) = answer.calls
    assert answer.end is AnswerEnd.TOOLS
    assert (call.id, call.name, call.words, call.fault) == ("call_1", "lab_brief", {"since": 3}, "")
    line.plays(played(line.body()))
    plain = line.say()
    assert (plain.text, plain.calls, plain.end) == ("hello", (), AnswerEnd.DONE)
    assert plain.usage == TokenUsage(read=12, cached=3, written=0, output=5)
    assert plain.model.endswith("of-a-test")
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
    content = " ".join(headers.values()).lower()
    computer = {platform.system().lower(), platform.machine().lower(), platform.python_version(), "python"}
    assert computer.isdisjoint(content.replace("/", " ").split())
    assert SECRET in content


FAILURES = [
    (Play(status=429, headers={"retry-after": "7"}), ModelBusy, 7.0),
    *((Play(status=429, headers={"retry-after": wait}), ModelBusy, None) for wait in ("", "-1", "nan", "inf", "soon")),
    (Play(status=529, body=b'{"error": "busy"}', headers={"retry-after": "0.5"}), ModelBusy, 0.5),
    (Play(status=500, body=b"[]"), ModelLost, None),
    (Play(status=503, body=b'{"error": {"type": []}}'), ModelLost, None),
    (Play(status=408), ModelLost, None),
    (Play(status=400, body=b'{"error": {"message": null}}'), RequestRejected, None),
    (Play(status=401, body=f'{{"error": "no {SECRET}"}}'.encode()), RequestRejected, None),
    (Play(status=404, body=b"\xff\xfe"), RequestRejected, None),
    (Play(status=307, headers={"location": "http://127.0.0.1:9/elsewhere"}), RequestRejected, None),
    (Play(drop=True), ModelLost, None),
    (Play(body=b'{"content": [', says_length=4_000), ModelLost, None),
    (Play(body=b"\x1f\x8b", headers={"content-encoding": "gzip"}), ModelLost, None),
    (Play(body=b""), AnswerUnreadable, None),
    (Play(body=b"<html>"), AnswerUnreadable, None),
    (Play(body=b"\xff\xfe{}"), AnswerUnreadable, None),
    (Play(body=b"[]"), AnswerUnreadable, None),
    (Play(body=b"{}"), AnswerUnreadable, None),
    (Play(body=b"[" * 100_000), AnswerUnreadable, None),
    (Play(body=b'{"n": ' + b"9" * 5_000 + b"}"), AnswerUnreadable, None),
]


def test_a_failure_is_an_error_of_ours_and_sent_once(line, caplog):
    caplog.set_level(logging.DEBUG)
    for requests, (play, error, wait) in enumerate(FAILURES, 1):
        line.plays(play)
        with pytest.raises(ModelError) as raised:
            line.say()
        assert type(raised.value) is error, play
        assert getattr(raised.value, "retry_after", None) == wait, play
        assert len(line.service.requests) == requests
        assert raised.value.__cause__ is None
        assert SECRET not in f"{raised.value} {caplog.text}"


@pytest.mark.parametrize("slowly", [{"wait": 2.0}, {"pause": 0.2}])
def test_an_answer_that_comes_too_slowly_is_given_up(line, slowly):
    line.plays(played(line.body(text="word " * 2_000), **slowly))
    with pytest.raises(ModelLost):
        line.say(seconds=0.2)


def test_an_answer_without_end_is_given_up(line, monkeypatch):
    monkeypatch.setattr(limits, "ANSWER_BYTES", 100_000)
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


def test_a_call_that_cannot_be_made_says_why(line):
    line.plays(played(line.body(calls=[brief(line)], stop="max_tokens" if line.protocol == "messages" else "length")))
    cut = line.say()
    assert cut.end is AnswerEnd.CUT
    assert cut.calls[0].fault
    words = {
        "messages": [["since", 3], "since", None],
        "chat": ['["since", 3]', '{"since": 3', '{"since": NaN}', '{"since": 1e999}', "since", "[" * 100_000],
    }[line.protocol]
    for arguments in words:
        line.plays(played(line.body(calls=[("call_1", "lab_brief", arguments)])))
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


def test_half_a_character_can_be_stored_and_a_key_that_comes_back_is_hidden(line):
    line.plays(played(line.body(text=f"\ud800 half, and the key is {SECRET}")))
    answer = line.say()
    answer.text.encode()
    line.model.say([*HELLO, answer.message], [TOOL], 100)
    assert SECRET not in answer.text


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
    for _ in range(40):
        body = changed(line.body(calls=[brief(line)]), dice)
        line.plays(played(changed(body, dice) if dice.random() < 0.5 else body))
        try:
            answer = line.say()
            json.dumps(asdict(answer)).encode()
            line.model.say([*HELLO, answer.message], [TOOL], 100)  # and it can be sent again
        except AnswerUnreadable:
            unreadable += 1
    assert 0 < unreadable < 40
