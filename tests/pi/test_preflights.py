"""What was never tried is tried beside the sessions, one after the other, and a fault of ours ends nothing."""

import logging
import threading

from axiom.errors import CannotStart, ChildKilled, NoSandbox, StoreBusy
from axiom.pi import preflights


def tended(due, try_out, *, enough: int) -> list[str]:
    """What was said until so much was."""
    said: list[str] = []
    stopping = threading.Event()

    def hear(sentence: str) -> None:
        said.append(sentence)
        if len(said) == enough:
            stopping.set()

    thread = threading.Thread(
        target=preflights.tend, args=(due, try_out, stopping), kwargs={"pause": 0.01, "said": hear}
    )
    thread.start()
    thread.join(10)
    stopping.set()
    assert not thread.is_alive()
    return said


def test_one_after_the_other_is_tried_until_somebody_says_stop():
    waiting = ["aa", "bb"]
    assert tended(lambda _: waiting[0], lambda bundle: f"tried {waiting.pop(0)} as {bundle}", enough=2) == [
        "tried aa as aa",
        "tried bb as bb",
    ]


def test_nothing_is_tried_while_nothing_is_due():
    answers = iter([None, None, "aa"])
    assert tended(lambda _: next(answers), lambda bundle: bundle, enough=1) == ["aa"]


def test_a_laboratory_that_is_away_is_waited_for(caplog):
    answers = iter([CannotStart("away"), "aa"])

    def due(_without) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert tended(due, lambda bundle: bundle, enough=1) == ["aa"]
    assert caplog.records == []


def test_that_there_is_no_sandbox_is_said_and_waited_for(monkeypatch, caplog):
    monkeypatch.setattr(preflights, "LONG_REST", 0.02)
    faults = iter([NoSandbox("There is no bwrap"), None])

    def try_out(bundle: str) -> str:
        fault = next(faults)
        if fault is not None:
            raise fault
        return bundle

    with caplog.at_level(logging.ERROR, "axiom.preflights"):
        assert tended(lambda _: "aa", try_out, enough=1) == ["aa"]
    assert [record.getMessage() for record in caplog.records] == ["preflight.sandbox There is no bwrap"]


def test_what_goes_wrong_otherwise_is_said_and_tried_again_after_a_rest(monkeypatch, caplog):
    monkeypatch.setattr(preflights, "REST", 0.02)
    faults = iter([StoreBusy("the disk is busy"), OSError("no room"), KeyError("a fault of ours"), None])

    def try_out(bundle: str) -> str:
        fault = next(faults)
        if fault is not None:
            raise fault
        return bundle

    with caplog.at_level(logging.ERROR, "axiom.preflights"):
        assert tended(lambda without: None if "aa" in without else "aa", try_out, enough=1) == ["aa"]
    assert [record.getMessage() for record in caplog.records] == [
        "preflight.broken the disk is busy",
        "preflight.broken no room",
        "preflight.fault",
    ]
    assert caplog.records[-1].exc_info[0] is KeyError


def test_one_that_cannot_be_tried_does_not_keep_the_others_waiting(monkeypatch):
    monkeypatch.setattr(preflights, "REST", 0.02)
    waiting, tries = ["aa", "bb", "cc"], []

    def try_out(bundle: str) -> str:
        tries.append(bundle)
        if bundle == "aa":
            raise ChildKilled("it was ended by SIGKILL")
        waiting.remove(bundle)
        return bundle

    def due(without) -> str | None:
        return next((bundle for bundle in waiting if bundle not in without), None)

    assert tended(due, try_out, enough=2) == ["bb", "cc"]
    assert tries[0] == "aa"


def test_it_waits_twice_as_long_each_time_and_an_hour_at_most(monkeypatch):
    moment = [0.0]
    monkeypatch.setattr(preflights.time, "monotonic", lambda: moment[0])
    waits, lengths = preflights._Waits(), []
    for _ in range(9):
        assert waits.put_off("aa") == preflights.REST
        began = moment[0]
        while "aa" in waits.now():
            moment[0] += 1.0
        lengths.append(moment[0] - began)
    assert lengths == [120, 180, 300, 540, 1_020, 1_980, 3_660, 3_660, 3_660]
    waits.put_off(None)
    assert waits.now() == frozenset()
