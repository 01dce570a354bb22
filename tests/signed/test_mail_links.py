"""Links in mails: each does one thing, for one account, until what it is bound to changes."""

from datetime import UTC, datetime, timedelta

from axiom.signed.mail_links import LinkPurpose, is_valid, link_token, read_link

SECRET, NOW = b"canary secret", datetime(2026, 3, 2, tzinfo=UTC)


def is_good(token: str, bound_to: str = "7", now: datetime = NOW, secret: bytes = SECRET) -> bool:
    link = read_link(token)
    return link is not None and is_valid(secret, link, bound_to, now)


def test_a_link_is_good_for_what_it_says_and_its_time_and_no_part_can_be_changed():
    token = link_token(SECRET, LinkPurpose.RESET, 17, "7", expires=NOW + timedelta(hours=1))
    link = read_link(token)
    assert link.purpose == LinkPurpose.RESET
    assert link.volunteer_id == 17
    assert link.expires == int(NOW.timestamp()) + 3_600
    assert is_good(token)
    assert is_good(token, now=NOW + timedelta(minutes=59, seconds=59))
    assert not is_good(token, now=NOW + timedelta(hours=1))
    assert not is_good(token, bound_to="8")
    assert not is_good(token, secret=b"another secret")
    assert is_good(link_token(SECRET, LinkPurpose.DIGEST, 17, "7"), now=NOW + timedelta(days=10_000))
    assert not is_good(f"reset.17.999999999999.{'a' * 32}")  # a year that no calendar has
    purpose, number, expires, signature = token.split(".")
    changed = [
        f"confirm.{number}.{expires}.{signature}",
        f"{purpose}.18.{expires}.{signature}",
        f"{purpose}.{number}.{int(expires) + 1}.{signature}",
        f"{purpose}.{number}.0.{signature}",
        *(token[:at] + ("0" if token[at] != "0" else "1") + token[at + 1 :] for at in range(-32, 0)),
    ]
    assert [link for link in changed if is_good(link)] == []
    signed = "a" * 32
    none = ["", "reset", "reset.1.0.", f"reset.0.0.{signed}", f"reset.1.00.{signed}", f"other.1.0.{signed}"]
    none += ["a" * 10_000, f"reset.1.0.{signed}\n", f"reset.{'1' * 30}.0.{signed}", f"reset.1.0.{'é' * 32}"]
    assert [link for link in none if read_link(link) is not None] == []
    assert read_link(f"reset.1.0.{signed}") is not None
