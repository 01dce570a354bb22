"""Where the work should go: what hangs together comes first, then what is near, then what waits for somebody."""

from dataclasses import replace

from axiom.decisions.sessions.agenda import NextStep, OpenNeed, directions, in_order, next_steps


def need(finding, *, cells=8, hangs=0):
    return OpenNeed(finding=finding, experiment="tiny_sum@1", cells=cells, hangs=hangs)


def test_a_finding_on_which_open_questions_hang_comes_before_those_that_are_nearer():
    near, far, leading, last = need(1, cells=1), need(2), need(3, cells=90, hangs=2), need(4)
    found = directions([near, far, leading, last], proposals=0, claims=0)
    assert [(one.priority, one.sentence) for one in found] == [
        ("high", "compute 90 cells more for finding 3 (tiny_sum@1); open questions that hang on it: 2"),
        ("medium", "compute 1 cell more for finding 1 (tiny_sum@1)"),
        ("medium", "compute 8 cells more for finding 2 (tiny_sum@1)"),
    ]
    assert [one.page for one in found] == ["/findings/3", "/findings/1", "/findings/2"]


def test_what_waits_for_an_answer_and_what_nobody_asks_is_said():
    found = directions([], proposals=1, claims=12)
    assert [(one.priority, one.sentence, one.times) for one in found] == [
        ("medium", "decide on 1 follow-up question that the laboratory proposes", 1),
        ("low", "test 12 claims of the old laboratory that no finding asks yet", 12),
    ]
    assert directions([], proposals=0, claims=0) == []


def test_the_most_urgent_comes_first_and_the_others_stay_as_they_were():
    called = next_steps({"queue.still": 1, "design.nothing": 1})
    mixed = [*called, *directions([need(7, hangs=1)], proposals=2, claims=0)]
    assert [one.priority for one in in_order(mixed)] == ["high", "medium", "medium", "low"]
    assert [one.times for one in in_order(mixed)][2:] == [2, 1]
    assert in_order([NextStep(priority="low", sentence="a"), NextStep(priority="low", sentence="b")])[0].sentence == "a"


def test_a_finding_that_has_seeds_enough_is_not_asked_for_more_of_them():
    (step,) = directions([replace(need(5, hangs=1), lacks="5 hosts (1 so far)")], proposals=0, claims=0)
    assert "5 hosts (1 so far)" in step.sentence
