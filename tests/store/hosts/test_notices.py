"""What the owner of a host is told: for a day, and nothing new every minute."""

from datetime import timedelta

import pytest

from axiom.store.hosts import notices


@pytest.fixture
def host(working_lab):
    """Host 1 is there."""
    return working_lab


def add(lab, kind: str = "invalid", text: str = "Something is wrong.") -> bool:
    return notices.add(lab.db, 1, kind, text, lab.now)


def test_a_sentence_is_told_for_a_day_and_the_oldest_first(host):
    assert add(host)
    assert add(host, kind="differs", text="Something else is.")
    shown = notices.shown(host.db, 1, host.now)
    assert [(one.kind, one.text, one.created_at, one.is_told) for one in shown] == [
        ("invalid", "Something is wrong.", host.now, False),
        ("differs", "Something else is.", host.now, False),
    ]
    notices.told(host.db, [shown[0].id], host.now)
    assert [(one.kind, one.is_told) for one in notices.shown(host.db, 1, host.now)] == [
        ("invalid", True),
        ("differs", False),
    ]
    host.now += timedelta(hours=25)
    assert [one.kind for one in notices.shown(host.db, 1, host.now)] == ["differs"]
    assert notices.shown(host.db, 2, host.now) == []


def test_of_one_kind_there_is_at_most_one_a_day_also_when_it_was_told(host):
    assert add(host)
    notices.told(host.db, [1], host.now)
    host.now += timedelta(hours=23)
    assert not add(host)
    assert add(host, kind="differs")
    host.now += timedelta(hours=2)
    assert add(host)


def test_a_sentence_is_kept_short(host):
    add(host, text="x" * 5_000)
    assert len(notices.shown(host.db, 1, host.now)[0].text) == 1_000
