"""How long a host has for a task."""

from datetime import UTC, datetime, timedelta

from axiom.rules.tasks.deadlines import decide_task_term

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_an_order_is_obeyed_beyond_its_deadline():
    term = decide_task_term(NOW, allowed=timedelta(hours=48), grace=timedelta(days=30))
    assert (term.deadline - NOW, term.expires - term.deadline) == (timedelta(hours=48), timedelta(days=30))
