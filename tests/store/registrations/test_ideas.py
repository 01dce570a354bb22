"""Ideas: what is open stands first, and an old one that was answered today before a newer that was answered earlier."""

from datetime import timedelta

from axiom.domain.proposals import Idea, IdeaAnswer, IdeaState
from axiom.store.registrations import ideas


def test_what_was_answered_last_stands_first_behind_what_is_open(database, now):
    for number in range(1, 5):
        ideas.add_idea(database, Idea(question=f"{number}?", why="why", by="ada"), is_shown=True, now=now)
    reply = IdeaAnswer(state=IdeaState.DECLINED, why="it is known", by="operator")
    for days, number in enumerate((4, 1), 1):
        assert ideas.answer_idea(database, number, reply, None, now + timedelta(days=days))
    assert ideas.list_idea_numbers(database, public=True) == [3, 2, 1, 4]
