"""When mail that was refused is tried again, and when it is given up."""

from datetime import UTC, datetime, timedelta

from axiom.limits import mail as limits
from axiom.rules.mail.retries import next_mail_try, server_rest_time

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
