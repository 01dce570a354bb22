"""What an operator hears of trouble: its beginning, changes at most once an hour, and its end once."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.rules.mail.alerts import AlertWord, next_alert_word

NOW = datetime(2026, 3, 2, tzinfo=UTC)
JUST, LONG_AGO = NOW - timedelta(minutes=59), NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("says", "told", "told_at", "is_over", "word"),
    [
        (None, "", None, False, None),
        ("full", "", None, False, AlertWord.BEGAN),
        ("full", "full", LONG_AGO, False, None),
        ("fuller", "full", JUST, False, None),
        ("fuller", "full", LONG_AGO, False, AlertWord.CHANGED),
        (None, "full", JUST, False, AlertWord.OVER),
        ("full", "full", JUST, True, None),
        ("full", "full", LONG_AGO, True, AlertWord.BEGAN),
    ],
)
def test_the_word_about_one_kind_of_trouble(says, told, told_at, is_over, word):
    assert next_alert_word(says, told, told_at, is_over=is_over, now=NOW) is word


def test_trouble_that_comes_and_goes_each_minute_is_told_once_an_hour():
    told, told_at, is_over, said = "", None, False, []
    for minute in range(180):
        now = NOW + timedelta(minutes=minute)
        word = next_alert_word("full" if minute % 2 == 0 else None, told, told_at, is_over=is_over, now=now)
        if word is AlertWord.OVER:
            is_over = True
        elif word:
            told, told_at, is_over = "full", now, False
        said += [(minute, word)] if word else []
    assert [minute for minute, word in said if word is AlertWord.BEGAN] == [0, 60, 120]
    assert [minute for minute, word in said if word is AlertWord.OVER] == [1, 61, 121]
