"""A further design is priced by the published code itself; an idea is written down once, whatever became of it."""

import json
from dataclasses import replace

import pytest
from follow_up_subjects import estimand, manifest, subject

from axiom.decisions.followups.factor_levels import MOST_CONFIGS
from axiom.domain.proposals import AUTOPILOT, IdeaAnswer, IdeaState
from axiom.errors import ExperimentError, Refused
from axiom.lab.followups.ideas import write_idea
from axiom.lab.followups.price import points
from axiom.runner.direct import describe_files
from axiom.store.registrations import ideas
from axiom.store.sessions import sessions


def asked(prepared, configs, describe=describe_files):
    text = configs if isinstance(configs, str) else json.dumps(configs)
    return points(prepared.archive, prepared.manifest, text, describe)


def never(_tree, _modules):
    raise AssertionError("a child was started")


def test_the_code_says_what_each_config_needs(variant):
    found = asked(variant("dear_sum", seconds=50.0), [{"size": 1}, {"size": 9}])
    assert found == (({"size": 1}, 50.0), ({"size": 9}, 50.0))


def test_what_the_file_does_not_allow_is_refused_before_anything_is_started(prepared):
    for configs, fact in (
        ([{"size": 10}], "size=10"),
        ([{"size": "9"}], "size=9"),
        ([{"size": True}], "size=True"),
        ([{"size": 1, "depth": 2}], "size"),
        ([{}], "size"),
        ([], f"{MOST_CONFIGS} configs"),
        ([{"size": 1}] * (MOST_CONFIGS + 1), f"{MOST_CONFIGS} configs"),
        ({"size": 1}, f"{MOST_CONFIGS} configs"),
        ([{"size": [1]}], "number"),
        ("[{", "JSON"),
        ('[{"size": NaN}]', "JSON"),
        ("[" * 100_000, "JSON"),
    ):
        with pytest.raises(Refused, match=fact):
            asked(prepared(), configs, describe=never)


def test_what_the_code_itself_refuses_is_refused_and_without_a_range_all_but_the_declared_levels(prepared):
    made = prepared()
    with pytest.raises(ExperimentError):
        asked(made, [{"size": 1}, {"size": 1}])
    narrow = replace(made, manifest=replace(made.manifest, ranges={}))
    with pytest.raises(Refused):
        asked(narrow, [{"size": 3}], describe=never)
    assert len(asked(narrow, [{"size": 2}])) == 1


RANGES = {"width": (8, 64)}  # an effect from end to end: there are two ideas in it
BOTH_ENDS = subject(estimand=estimand(), manifest=manifest(ranges=RANGES))


@pytest.fixture
def write(shifting):
    """Writes an idea down in a session of its own, or in the one before."""

    def write(*, in_new_session: bool):
        lab = shifting.lab
        with lab.db.transaction():
            if in_new_session:
                sessions.begin(lab.db, pi=AUTOPILOT, reason="a test", now=lab.now)
                lab.later(days=1)
            return write_idea(lab.db, [BOTH_ENDS], sessions.last(lab.db).id, lab.now)

    write.db, write.now = shifting.lab.db, shifting.lab.now
    return write


def test_a_session_writes_one_idea_and_says_so(write):
    (note,) = write(in_new_session=True)
    assert write(in_new_session=False) == []
    (kept,) = ideas.of_numbers(write.db, ideas.numbers(write.db, public=True))
    assert (note.about, note.facts["question"]) == (f"/ideas/{kept.number}", kept.idea.question)
    assert (kept.idea.by, kept.idea.finding) == (AUTOPILOT, 1)


def test_no_idea_is_written_twice_whatever_became_of_it(write):
    write(in_new_session=True)
    declined = IdeaAnswer(state=IdeaState.DECLINED, why="no", by="operator")
    with write.db.transaction():
        assert ideas.answer(write.db, 1, declined, None, write.now)
    assert [len(write(in_new_session=True)) for _ in range(3)] == [1, 0, 0]
    assert len(ideas.numbers(write.db, public=False)) == 2
