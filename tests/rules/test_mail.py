"""What an operator hears of trouble: its beginning, changes at most once an hour, and its end once."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.limits import mail as limits
from axiom.rules.mail import AlertWord, is_new_answer, next_alert_word, next_mail_try, server_rest_time
from axiom_weigh.values import Verdict

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


SINCE = datetime(2026, 3, 2, tzinfo=UTC)
BEFORE, AFTER, LATER = SINCE - timedelta(days=1), SINCE + timedelta(days=1), SINCE + timedelta(days=2)


@pytest.mark.parametrize(
    ("history", "is_new"),
    [
        ([], False),
        ([(AFTER, Verdict.POSITIVE)], True),
        ([(BEFORE, Verdict.POSITIVE), (AFTER, Verdict.POSITIVE)], False),
        ([(BEFORE, Verdict.UNDECIDED), (AFTER, Verdict.ABSENT)], True),
        ([(BEFORE, Verdict.POSITIVE), (AFTER, Verdict.NEGATIVE)], True),
        ([(BEFORE, Verdict.POSITIVE), (AFTER, Verdict.UNDECIDED)], False),
        ([(BEFORE, Verdict.POSITIVE), (AFTER, Verdict.NEGATIVE), (LATER, Verdict.POSITIVE)], False),
    ],
)
def test_an_answer_is_new_if_it_was_another_one_before(history, is_new):
    assert is_new_answer(history, SINCE) is is_new


WRITTEN = datetime(2026, 3, 2, tzinfo=UTC)


def test_a_message_is_given_up_after_days_and_a_failing_server_left_alone_for_longer():
    for age, wait in ((0, 1), (10, 5), (2_880, 360)):  # minutes: half of its age, within bounds
        now = WRITTEN + timedelta(minutes=age)
        assert next_mail_try(WRITTEN, now) == now + timedelta(minutes=wait)
    now, tries = WRITTEN, 0
    while (again := next_mail_try(WRITTEN, now)) is not None:
        assert again > now
        now, tries = again, tries + 1
    assert limits.KEPT_FOR <= now - WRITTEN < limits.KEPT_FOR + timedelta(hours=6)
    assert tries < 40
    waits = [server_rest_time(failures) for failures in range(1, 2_000)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(hours=1)
