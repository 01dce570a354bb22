"""`axiom model try`, typed: a model answers, and what it took is told; without one it is said what to set."""

import pytest
from model_service import Play, chat_body, model_service, played


@pytest.fixture
def say(hand_over):
    """Types a command about a laboratory; status, answer and what was said."""
    return hand_over()


@pytest.fixture
def service(monkeypatch):
    """A model on this computer, which the settings name."""
    with model_service(lambda _: played(chat_body())) as found:
        monkeypatch.setenv("AXIOM_MODEL_ADDRESS", f"{found.address}/v1")
        monkeypatch.setenv("AXIOM_MODEL_NAME", "of-a-test")
        yield found


def test_a_model_answers_and_what_it_took_is_told(say, service, monkeypatch):
    monkeypatch.setenv("AXIOM_MODEL_PRICES", "input=2,output=8,cached=0.2")
    status, answer, _ = say("model", "try", "Say hello.", "--json")
    found = answer["model"]
    assert (status, found["requests"], found["text"]) == (0, 1, chat_body()["choices"][0]["message"]["content"])
    assert 0 < found["tokens"] <= 20_000
    assert 0 < found["cost"] < 1
    assert len(service.requests) == 1
    monkeypatch.delenv("AXIOM_MODEL_PRICES")
    assert "unknown" in say("model", "try", "Say hello.")[1]


def test_one_that_fails_is_told_in_a_sentence(say, service):
    service.play = lambda _: Play(status=401, body=b"{}")
    status, _, err = say("model", "try")
    assert (status, "status 401" in err, "Traceback" in err) == (1, True, False), err


def test_without_a_model_it_is_said_what_to_set(say):
    status, _, err = say("model", "try")
    assert (status, "model_address" in err) == (2, True)
