"""Several texts under one signature: each is verified by itself, and none stands for another."""

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from axiom.errors import TicketError
from axiom.signed.batch_signatures import joint, signed_word
from axiom.signed.tickets import read_ticket, write_ticket
from axiom.signed.trust import NotSealed, Role, sealed, sealed_together, unseal

BODIES = st.lists(st.binary(max_size=40), min_size=2, max_size=70)
PATH_LIMIT = 1 + 8 * 32  # bytes: of 256 texts each has eight branches above it


@settings(max_examples=30)
@given(BODIES, st.data())
def test_each_of_several_texts_and_no_other_leads_to_the_one_word_that_is_signed(bodies, data):
    word, paths = joint(bodies)
    assert [signed_word(body, path) for body, path in zip(bodies, paths, strict=True)] == [word] * len(bodies)
    assert all(len(path) <= PATH_LIMIT for path in paths)
    stranger = data.draw(st.binary(max_size=80).filter(lambda body: body not in bodies))
    assert word not in {signed_word(stranger, path) for path in paths}


def hashed(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def test_the_tree_is_the_one_that_is_written_down():
    first, second, third = (hashed(b"\0", body) for body in (b"1", b"2", b"3"))
    word, paths = joint([b"1", b"2", b"3"])
    pair = hashed(b"\1", first, second)
    assert word == b"axiom-joint-1\0" + hashed(b"\1", pair, third)
    assert paths == [b"\0" + second + third, b"\1" + first + third, b"\1" + pair]
    word, (path, _) = joint([b"1", b"2"])
    inside = b"\1" + first + second
    for body in (inside, inside[1:], b"1" + path[1:]):
        assert signed_word(body, path) != word  # a branch is no text
    assert max(map(len, joint([b"%d" % number for number in range(256)])[1])) == PATH_LIMIT
    for none in (b"", b"\0", b"\0" * 32, b"\0" * 34, b"\2" + b"x" * 32, b"\0" * (PATH_LIMIT + 32)):
        with pytest.raises(ValueError, match="no path"):
            signed_word(b"1", none)
    for amount in (0, 1, 257):
        with pytest.raises(ValueError, match="share"):
            joint([b"x"] * amount)


def tickets(make_ticket, keys) -> list[str]:
    """Several orders under one signature, as a reply brings them."""
    alone = [write_ticket(make_ticket(task=task), keys.ticket) for task in (7, 8, 9)]
    bodies = [base64.urlsafe_b64decode(text.partition(".")[0] + "==") for text in alone]
    return sealed_together(bodies, keys.ticket)


def test_each_ticket_under_a_joint_signature_is_read_and_parts_of_two_make_no_third(make_ticket, keys, now):
    texts = tickets(make_ticket, keys)
    assert [read_ticket(text, trust=keys.trust, now=now).task for text in texts] == [7, 8, 9]
    assert len({text.split(".")[1] for text in texts}) == 1
    (body, signature, path), (other, _, way), _ = (text.split(".") for text in texts)
    alone = write_ticket(make_ticket(task=7), keys.ticket).split(".")[1]
    wrong = [(body, signature, way), (other, signature, path), (body, signature), (body, alone, path)]
    for parts in [*wrong, (body, signature, path, path), (body, signature, "")]:
        with pytest.raises(TicketError):
            read_ticket(".".join(parts), trust=keys.trust, now=now)
    with pytest.raises(NotSealed, match="two parts"):  # as of anything that nobody signs jointly
        unseal(texts[0], kind="axiom-ticket-1", role=Role.TICKET, trust=keys.trust, limit=60_000)
    assert sealed_together([b"{}"], keys.ticket) == [sealed(b"{}", [keys.ticket])]
    assert sealed_together([], keys.ticket) == []
