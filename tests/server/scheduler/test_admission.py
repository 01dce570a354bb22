"""Strangers' requests: those that are answered without being read, and what reading the others can cost."""

import pytest
from cpu_growth import seconds
from scheduler_calls import Client

from axiom.boinc.read_request import read_request
from axiom.boinc.xml import MOST_OF
from axiom.server.scheduler import rpc
from axiom.server.scheduler.admission import is_stranger
from axiom.store.connections import Connections

LONG = b"<result><name>a_task_0</name><exit_status>0</exit_status></result>" * 1_500


def words(key: str, inside: bytes = b"") -> bytes:
    return Client(key).words(ask=1.0).replace(b"</scheduler_request>", inside + b"</scheduler_request>")


@pytest.mark.parametrize("inside", [b"", LONG], ids=["short", "long"])
@pytest.mark.parametrize("key", ["no key", "0" * 31, "x" * 32, "0" * 32 + "0", "7_" + "0" * 31, "0_" + "0" * 32])
def test_a_key_that_no_account_can_have_is_a_stranger_s(exchange, key, inside):
    assert is_stranger(words(key, inside), Connections(folder=exchange.folder))


def test_only_a_long_request_has_its_key_looked_up_before_it_is_read(exchange, ann):
    connections = Connections(folder=exchange.folder)
    told = {
        (key, bool(inside)): is_stranger(words(key, inside), connections)
        for key in (ann.key, ann.weak, "0" * 32)
        for inside in (b"", LONG)
    }
    assert [one for one, is_one in told.items() if is_one] == [("0" * 32, True)]


def test_a_long_request_without_a_key_at_its_head_is_a_stranger_s(exchange):
    behind = b"<scheduler_request>" + LONG + b"<authenticator>" + b"0" * 32 + b"</authenticator></scheduler_request>"
    assert is_stranger(behind, Connections(folder=exchange.folder))


@pytest.mark.parametrize("key", ["no key", "0" * 32])
def test_a_stranger_s_long_request_is_answered_without_being_read(exchange, monkeypatch, key):
    monkeypatch.setattr(rpc, "read_request", None)  # would fail
    (said,) = exchange.say(words(key, LONG)).words
    assert said[1].startswith("No account here has this account key.")


def test_a_member_s_long_request_is_read(exchange, ann):
    heard = exchange.say(words(ann.key, LONG))
    assert heard.named("result_ack") == ["a_task_0"] * 1_500


def test_a_store_that_cannot_be_read_is_told_by_whoever_answers(exchange, tmp_path):
    folder = type(exchange.folder)(path=tmp_path / "nothing")
    assert not is_stranger(words("0" * 32, LONG), Connections(folder=folder))


def test_the_largest_request_that_is_read_takes_a_fraction_of_a_second():
    results = b"<result><name>a_task_0</name><a>1</a><b>2</b><c>3</c></result>" * MOST_OF[b"<result>"]
    others = b"<other_results>" + b"<other_result><name>a</name></other_result>" * MOST_OF[b"<other_result>"]
    body = words("0" * 32, results + others + b"</other_results>")
    assert len(read_request(body).results) == MOST_OF[b"<result>"]
    assert seconds(lambda: read_request(body), times=3) < 0.5
