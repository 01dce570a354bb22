"""What was never tried is tried beside the sessions, one after the other, and a fault of ours ends nothing."""

import logging
import threading

from patience import PATIENCE

from axiom.autopilot import preflights
from axiom.errors import CannotStart, ChildKilled, NoSandbox, StoreBusy
from axiom.limits import experiments as limits


def tended(due, try_out, *, enough: int) -> list[str]:
    """What was said until so much was."""
    said: list[str] = []
    stopping = threading.Event()

    def hear(sentence: str) -> None:
        said.append(sentence)
        if len(said) == enough:
            stopping.set()

    thread = threading.Thread(
        target=preflights.run_due_preflights, args=(due, try_out, stopping), kwargs={"pause": 0.01, "report": hear}
    )
    thread.start()
    thread.join(PATIENCE)
    stopping.set()
    assert not thread.is_alive()
    return said


def test_one_after_the_other_is_tried_while_something_is_due_and_the_lab_is_there(caplog):
    answers = iter([None, CannotStart("away"), "aa", None, "bb"])

    def due(_without) -> str | None:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert tended(due, lambda bundle: f"tried {bundle}", enough=2) == ["tried aa", "tried bb"]
    assert caplog.records == []


def test_what_goes_wrong_is_said_and_tried_again_after_a_rest(monkeypatch, caplog):
    monkeypatch.setattr(limits, "PREFLIGHT_REST_SECONDS", 0.01)
    monkeypatch.setattr(limits, "PREFLIGHT_LONG_REST_SECONDS", 0.02)
    faults = iter([NoSandbox("no bwrap"), StoreBusy("busy"), OSError("no room"), KeyError("a fault of ours"), None])

    def try_out(bundle: str) -> str:
        fault = next(faults)
        if fault is not None:
            raise fault
        return bundle

    with caplog.at_level(logging.ERROR, "axiom.preflights"):
        assert tended(lambda without: None if "aa" in without else "aa", try_out, enough=1) == ["aa"]
    assert [record.getMessage() for record in caplog.records] == [
        "preflight.sandbox no bwrap",
        "preflight.broken busy",
        "preflight.broken no room",
        "preflight.fault",
    ]
    assert caplog.records[-1].exc_info[0] is KeyError


def test_one_that_cannot_be_tried_does_not_keep_the_others_waiting(monkeypatch):
    monkeypatch.setattr(limits, "PREFLIGHT_REST_SECONDS", 0.02)
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
    """The clock is what it rests, and how long the bundle had to wait is seen by what is due."""
    moment, lengths, failed_at = [0.0], [], [0.0]
    stopping = Ticking(moment, most=30_000.0)
    monkeypatch.setattr(preflights.time, "monotonic", lambda: moment[0])

    def due(without) -> str | None:
        return None if "aa" in without else "aa"

    def try_out(_bundle: str) -> str:
        lengths.append(moment[0] - failed_at[0])
        failed_at[0] = moment[0]
        raise ChildKilled("it was ended by SIGKILL")

    preflights.run_due_preflights(due, try_out, stopping, pause=1.0, report=lambda _: None)
    assert lengths[1:9] == [120, 180, 300, 540, 1_020, 1_980, 3_660, 3_660]


class Ticking:
    """Somebody who says stop at a moment of a clock that goes on only while it is waited for."""

    def __init__(self, moment: list[float], most: float) -> None:
        self.moment, self.most = moment, most

    def wait(self, seconds: float) -> bool:
        self.moment[0] += seconds
        return self.moment[0] > self.most
