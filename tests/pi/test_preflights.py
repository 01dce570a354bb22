"""What was never tried is tried beside the sessions, one after the other, and a fault of ours ends nothing."""

import logging
import threading

from axiom.errors import CannotStart, StoreBusy
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
    assert tended(lambda: waiting[0], lambda bundle: f"tried {waiting.pop(0)} as {bundle}", enough=2) == [
        "tried aa as aa",
        "tried bb as bb",
    ]


def test_nothing_is_tried_while_nothing_is_due():
    answers = iter([None, None, "aa"])
    assert tended(lambda: next(answers), lambda bundle: bundle, enough=1) == ["aa"]


def test_a_laboratory_that_is_away_is_waited_for(caplog):
    answers = iter([CannotStart("away"), "aa"])

    def due() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert tended(due, lambda bundle: bundle, enough=1) == ["aa"]
    assert caplog.records == []


def test_what_goes_wrong_otherwise_is_said_and_tried_again_after_a_rest(monkeypatch, caplog):
    monkeypatch.setattr(preflights, "REST", 0.02)
    faults = iter([StoreBusy("the disk is busy"), OSError("no room"), KeyError("a fault of ours"), None])

    def try_out(bundle: str) -> str:
        fault = next(faults)
        if fault is not None:
            raise fault
        return bundle

    with caplog.at_level(logging.ERROR, "axiom.preflights"):
        assert tended(lambda: "aa", try_out, enough=1) == ["aa"]
    assert [record.getMessage() for record in caplog.records] == [
        "preflight.broken the disk is busy",
        "preflight.broken no room",
        "preflight.fault",
    ]
    assert caplog.records[-1].exc_info[0] is KeyError
