"""How a conversation ends that a model does not end by itself."""

import pytest

from axiom.errors import CannotStart
from axiom.models.conversation import Toolbox, hold_conversation
from axiom.models.model import AnswerEnd, ModelAnswer, ModelMessage, ModelTool, Speaker, ToolCall

HELLO = (ModelMessage(speaker=Speaker.USER, text="Ask."),)
TOOL = ModelTool(name="look", about="looks", words={"type": "object"})


class Saying:
    """A model that says these answers, the last of them for ever."""

    def __init__(self, *answers: ModelAnswer) -> None:
        self.answers, self.heard = list(answers), []

    def say(self, messages, tools, most_tokens, *, seconds=300.0):
        self.heard.append(tuple(messages))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def said(*calls: str, end: AnswerEnd = AnswerEnd.TOOLS, fault: str = "") -> ModelAnswer:
    made = tuple(ToolCall(id=f"{n}", name=name, words={}, fault=fault) for n, name in enumerate(calls))
    return ModelAnswer(text="", calls=made, end=end, usage=None, model="m")


def toolbox(*, seconds: float = 0.0):
    now, called = [0.0], []

    def call(name, _words):
        now[0] += seconds
        called.append(name)
        return "the same", False

    return Toolbox(tools=(TOOL,), call=call, clock=lambda: now[0]), called


@pytest.mark.parametrize(("seconds", "times"), [(0.1, 3), (20.0, 20)])
def test_a_call_that_waits_may_have_the_same_answer_more_often(seconds, times):
    tools, called = toolbox(seconds=seconds)
    assert not hold_conversation(Saying(said("look")), HELLO, tools).is_well
    assert len(called) == times


def test_calls_that_cannot_be_made_are_told_and_at_most_sixteen_are_made():
    tools, called = toolbox()
    model = Saying(said("lock", fault="There is no such tool."))
    assert not hold_conversation(model, HELLO, tools).is_well
    assert called == []
    assert model.heard[1][-1].results[0].is_error
    hold_conversation(Saying(said(*(f"look{n}" for n in range(20))), said(end=AnswerEnd.DONE)), HELLO, tools)
    assert len(called) == 16


@pytest.mark.parametrize("end", [AnswerEnd.CUT, AnswerEnd.PAUSED])
def test_an_answer_that_stopped_early_goes_on_and_the_users_turn_is_never_empty(end):
    tools, _ = toolbox()
    model = Saying(said(end=end), said(end=AnswerEnd.DONE))
    assert hold_conversation(model, HELLO, tools).is_well
    assert model.heard[1][-1].speaker == Speaker.USER
    assert model.heard[1][-1].text


def test_a_laboratory_that_is_gone_ends_more_than_the_conversation():
    class Gone:
        def say(self, *_: object, **__: object):
            raise CannotStart("It is gone.")

    with pytest.raises(CannotStart):
        hold_conversation(Gone(), HELLO, toolbox()[0])
