"""Not a sample: each byte of a whole order, a seal, a trust file and a bundle is changed, and cut off with the rest."""

import base64
from datetime import timedelta

import pytest

from axiom.errors import BundleError, TicketError
from axiom.signed.bundles import Seal, digest_bundle, open_bundle, pack_files, read_seal, write_seal
from axiom.signed.tickets import read_ticket, write_ticket
from axiom.signed.trust import NotSealed, Untrusted, read_trust, seal_together, write_trust


def accepted(raw: bytes, read, errors) -> list[tuple[int, int]]:
    """The bits that may be flipped unnoticed: one of each byte, and all of those at the end of a part."""
    found = []
    for place in range(len(raw)):
        is_near_an_end = place > len(raw) - 4 or b"." in raw[place : place + 4]
        for bit in range(8) if is_near_an_end else (place % 8,):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            try:
                read(bytes(flipped))
            except errors:
                continue
            found.append((place, bit))
    return found


def accepted_when_cut(raw: bytes, read, errors) -> list[int]:
    found = []
    for end in range(0, len(raw), 5):
        try:
            read(raw[:end])
        except errors:
            continue
        found.append(end)
    return found


def test_whatever_travels_is_refused_once_it_was_changed_or_cut(make_ticket, keys, now):
    trust = keys.trust
    archive = pack_files({"axiom/catalogue/probe.py": b"x"})
    times = {"issued": now, "expires": now + timedelta(days=1)}
    seal = Seal(experiment="probe", version=1, serial=1, digest=digest_bundle(archive), size=len(archive), **times)
    ticket = write_ticket(make_ticket(), keys.ticket).encode()
    body = base64.urlsafe_b64decode(ticket.partition(b".")[0] + b"==")

    def order(raw):
        return read_ticket(raw.decode("latin-1"), trust=trust, now=now)

    for raw, read, errors in [
        (ticket, order, TicketError),
        (seal_together([body, b"{}"], keys.ticket)[0].encode(), order, TicketError),
        (
            write_seal(seal, keys.bundle).encode(),
            lambda raw: read_seal(raw.decode("latin-1"), trust=trust, now=now),
            BundleError,
        ),
        (write_trust(trust, [keys.root]), lambda raw: read_trust(raw, now=now), (NotSealed, Untrusted)),
        (archive, lambda raw: open_bundle(raw, seal), BundleError),
    ]:
        assert accepted(raw, read, errors) == accepted_when_cut(raw, read, errors) == []


def test_the_search_finds_what_is_accepted_as_signatures_in_capitals_are_not(keys, now):
    assert accepted(b"a", bytes.decode, UnicodeError) == [(0, bit) for bit in range(7)]
    assert accepted_when_cut(b"a" * 6, bytes.decode, UnicodeError) == [0, 5]
    raw = write_trust(keys.trust, [keys.root])
    head, mark, rest = raw.partition(b'":"')
    with pytest.raises(Untrusted, match="false"):
        read_trust(head + mark + rest[:128].upper() + rest[128:], now=now)
