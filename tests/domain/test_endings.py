"""Causes: each has words and somebody whose doing it is, and those decide what counts."""

import re

import pytest

from axiom.domain.endings import Blame, Cause, ending, of_exit
from axiom.domain.work import Exit


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_words_and_somebody_whose_doing_it_is(cause):
    assert re.fullmatch(r"[a-zBW].*[^.]", cause.words)
    assert cause.blame in Blame


def test_no_two_causes_have_the_same_words():
    assert len({cause.words for cause in Cause}) == len(Cause)


WORDS = {
    Exit.DONE: "done",
    Exit.CELL_FAILED: "the experiment's code raised in at least one cell",
    Exit.CHILD_LOST: "the computing process died",
    Exit.TOO_MANY_STARTS: "it began again and again without getting further",
    Exit.BAD_TICKET: "the runner refused the ticket; nothing was computed",
    Exit.BAD_BUNDLE: "the runner refused the bundle; nothing was computed",
    Exit.NO_ROOM: "the output could not be written on the host",
    Exit.GPU_UNUSABLE: "its program could not use the GPU that the host has",
    Exit.RUNNER_DAMAGED: "the runner's files on the host are damaged; resetting the project cures it",
    Exit.RUNNER_FAULT: "the runner itself failed",
    Exit.TIME_LIMIT: "it went over its time limit",
    Exit.MEMORY_LIMIT: "it went over its memory limit",
    Exit.ABORTED_BY_LAB: "the laboratory took it back",
    Exit.ABORTED_BY_USER: "it was aborted on the host by a person or a program",
}


@pytest.mark.parametrize("status", Exit)
def test_each_exit_of_the_runner_has_its_words(status):
    assert of_exit(status.value).reason == WORDS[status]


@pytest.mark.parametrize("status", [1, 9, -1, 4096])
def test_a_number_that_is_no_exit_of_ours_is_said_as_it_is(status):
    found = of_exit(status)
    assert (found.cause, found.exit_status) == (Cause.EXIT_CODE, status)
    assert found.reason == f"it ended with exit status {status}"


def test_a_detail_stands_after_the_words():
    assert ending(Cause.SIGNAL, 11, "signal 11").reason == "the system killed it: signal 11"
