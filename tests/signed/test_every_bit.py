"""Not a sample: each bit of a whole order, a seal, a trust file and a bundle is flipped once."""

import base64
from datetime import timedelta

import pytest

from axiom.errors import BundleError, TicketError
from axiom.signed.bundles import Seal, digest, open_bundle, pack, read_seal, write_seal
from axiom.signed.tickets import read_ticket, write_ticket
from axiom.signed.trust import NotSealed, Untrusted, read_trust, sealed_together, write_trust


def accepted(raw: bytes, read, errors) -> list[tuple[int, int]]:
    found = []
    for place in range(len(raw)):
        for bit in range(8):
            flipped = bytearray(raw)
            flipped[place] ^= 1 << bit
            try:
                read(bytes(flipped))
            except errors:
                continue
            found.append((place, bit))
    return found


def test_every_flipped_bit_of_what_travels_is_refused(make_ticket, keys, now):
    trust = keys.trust
    archive = pack({"axiom/catalogue/probe.py": b"x"})
    seal = Seal(
        experiment="probe",
        version=1,
        serial=1,
        digest=digest(archive),
        size=len(archive),
        issued=now,
        expires=now + timedelta(days=1),
    )
    ticket = write_ticket(make_ticket(), keys.ticket).encode()
    assert accepted(ticket, lambda raw: read_ticket(raw.decode("latin-1"), trust=trust, now=now), TicketError) == []
    body = base64.urlsafe_b64decode(ticket.partition(b".")[0] + b"==")
    shared = sealed_together([body, b"{}"], keys.ticket)[0].encode()
    assert accepted(shared, lambda raw: read_ticket(raw.decode("latin-1"), trust=trust, now=now), TicketError) == []
    sealed = write_seal(seal, keys.bundle).encode()
    assert accepted(sealed, lambda raw: read_seal(raw.decode("latin-1"), trust=trust, now=now), BundleError) == []
    file = write_trust(trust, [keys.root])
    assert accepted(file, lambda raw: read_trust(raw, now=now), (NotSealed, Untrusted)) == []
    assert accepted(archive, lambda raw: open_bundle(raw, seal), BundleError) == []


def test_the_search_finds_what_is_accepted():
    assert accepted(b"a", bytes.decode, UnicodeError) == [(0, bit) for bit in range(7)]


def test_a_trust_file_signed_in_capitals_is_refused(keys, now):
    raw = write_trust(keys.trust, [keys.root])
    head, mark, rest = raw.partition(b'":"')
    with pytest.raises(Untrusted, match="is false"):
        read_trust(head + mark + rest[:128].upper() + rest[128:], now=now)
