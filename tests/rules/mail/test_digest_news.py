"""Which findings a digest tells of as news."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.rules.mail.digest_news import is_new_answer
from axiom_weigh.values import Verdict

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
