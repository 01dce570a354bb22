"""Links in mails: each does one thing, for one account, until what it is bound to changes."""

from datetime import UTC, datetime, timedelta

import pytest

from axiom.signed.mail_links import LinkPurpose, is_valid, link_token, read_link

SECRET, NOW = b"canary secret", datetime(2026, 3, 2, tzinfo=UTC)


def is_good(token: str, bound_to: str = "7", now: datetime = NOW, secret: bytes = SECRET) -> bool:
    link = read_link(token)
    return link is not None and is_valid(secret, link, bound_to, now)


def test_a_link_says_what_it_is_for_and_whose_it_is():
    link = read_link(link_token(SECRET, LinkPurpose.RESET, 17, "7", expires=NOW))
    assert (link.purpose, link.volunteer_id, link.expires) == (LinkPurpose.RESET, 17, int(NOW.timestamp()))


def test_a_link_is_good_for_its_time_alone():
    token = link_token(SECRET, LinkPurpose.RESET, 17, "7", expires=NOW + timedelta(hours=1))
    assert is_good(token)
    assert is_good(token, now=NOW + timedelta(minutes=59, seconds=59))
    assert not is_good(token, now=NOW + timedelta(hours=1))
    assert is_good(link_token(SECRET, LinkPurpose.DIGEST, 17, "7"), now=NOW + timedelta(days=10_000))


def test_a_link_is_worth_nothing_once_what_it_is_bound_to_changed():
    assert not is_good(link_token(SECRET, LinkPurpose.RESET, 17, "7"), bound_to="8")


def test_no_part_of_a_link_can_be_changed():
    token = link_token(SECRET, LinkPurpose.RESET, 17, "7", expires=NOW + timedelta(hours=1))
    purpose, number, expires, signature = token.split(".")
    changed = [
        f"confirm.{number}.{expires}.{signature}",
        f"{purpose}.18.{expires}.{signature}",
        f"{purpose}.{number}.{int(expires) + 1}.{signature}",
        f"{purpose}.{number}.0.{signature}",
        *(token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :] for at in range(-32, 0)),
    ]
    assert [each for each in changed if is_good(each)] == []
    assert is_good(token)
    assert not is_good(token, secret=b"another secret")


@pytest.mark.parametrize(
    "token",
    [
        *("", "reset", "reset.1.0.", f"reset.0.0.{'a' * 32}", f"reset.1.00.{'a' * 32}", f"other.1.0.{'a' * 32}"),
        *("a" * 10_000, f"reset.1.0.{'a' * 32}\n", f"reset.{'1' * 30}.0.{'a' * 32}", f"reset.1.0.{'é' * 32}"),
    ],
)
def test_what_is_no_link_is_none(token):
    assert read_link(token) is None
