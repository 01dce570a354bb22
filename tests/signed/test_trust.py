import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.signed.canonical_json import canonical
from axiom.signed.keys import SigningKey
from axiom.signed.trust import (
    TRUST_LIMIT,
    Anchor,
    NotSealed,
    Role,
    Signers,
    Untrusted,
    add_version,
    read_trust,
    sealed,
    signatures_of,
    trust_body,
    unseal,
    write_trust,
)


def signers(threshold, *keys):
    return Signers(threshold=threshold, keys={key.id: key.public for key in keys})


def anchor(trust):
    return Anchor(version=trust.version, link=trust.link)


def seal(kind, payload, keys):
    return sealed(canonical({**payload, "kind": kind}), keys)


def opened(text, trust, role=Role.TICKET, kind="thing-1", limit=10_000):
    return unseal(text, kind=kind, role=role, trust=trust, limit=limit)


def test_what_was_sealed_is_unsealed(keys):
    text = seal("thing-1", {"a": [1, 2.5, "é"]}, [keys.ticket])
    assert opened(text, keys.trust) == {"a": [1, 2.5, "é"]}
    assert not any(sign.isspace() for sign in text)


@given(data=st.data())
def test_no_bit_of_a_sealed_text_can_be_flipped(data, keys):
    text = seal("thing-1", {"a": 1}, [keys.ticket]).encode()
    place = data.draw(st.integers(0, len(text) - 1))
    flipped = bytearray(text)
    flipped[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((NotSealed, Untrusted)):
        opened(flipped.decode("latin-1"), keys.trust)


@given(kept=st.floats(0, 0.999))
def test_no_part_of_a_sealed_text_can_be_cut(kept, keys):
    text = seal("thing-1", {"a": 1}, [keys.ticket])
    with pytest.raises((NotSealed, Untrusted)):
        opened(text[: int(kept * len(text))], keys.trust)


def test_a_key_signs_for_its_own_role_only(keys, strangers):
    for key in (keys.bundle, keys.root, strangers.ticket):
        with pytest.raises(Untrusted, match="may not sign as ticket"):
            opened(seal("thing-1", {}, [key]), keys.trust)


def test_a_seal_of_another_kind_is_refused(keys):
    with pytest.raises(NotSealed, match="it is not other-1"):
        opened(seal("thing-1", {}, [keys.ticket]), keys.trust, kind="other-1")


def test_a_seal_over_the_limit_is_not_even_decoded(keys):
    with pytest.raises(NotSealed, match="characters, and 50 are allowed"):
        opened(seal("thing-1", {}, [keys.ticket]), keys.trust, limit=50)


def test_a_signed_body_that_is_not_canonical_is_refused(keys):
    body, _ = seal("thing-1", {}, [keys.ticket]).split(".")
    from base64 import urlsafe_b64encode as encode

    raw = b'{"kind": "thing-1"}'
    marks = canonical({keys.ticket.id: keys.ticket.sign(raw).hex()})
    text = ".".join(encode(part).decode().rstrip("=") for part in (raw, marks))
    with pytest.raises(NotSealed, match="canonical"):
        opened(text, keys.trust)
    marks = canonical({keys.ticket.id: 5})
    with pytest.raises(Untrusted, match="is false"):
        opened(f"{body}.{encode(marks).decode().rstrip('=')}", keys.trust)


def test_base64_is_taken_in_one_form_only(keys):
    body, marks = seal("thing-1", {"a": 1}, [keys.ticket]).split(".")
    for text in (f"{body}=.{marks}", f"{body}é.{marks}", f"{body}*.{marks}", f" {body}.{marks}", f"{body}.{marks}."):
        with pytest.raises(NotSealed):
            opened(text, keys.trust)


@pytest.mark.parametrize(
    ("signing", "ok"), [((0, 1), True), ((1, 2), True), ((0,), False), ((), False), ((0, 0), False)]
)
def test_a_threshold_wants_distinct_keys(signing, ok, keys):
    three = [SigningKey.make() for _ in range(3)]
    trust = replace(keys.trust, roles={**keys.trust.roles, Role.TICKET: signers(2, *three)})
    text = seal("thing-1", {"a": 1}, [three[place] for place in signing])
    if ok:
        assert opened(text, trust) == {"a": 1}
    else:
        with pytest.raises(Untrusted, match=r"of the 2 ticket signatures"):
            opened(text, trust)


def test_trust_is_read_as_written(keys, now):
    raw = write_trust(keys.trust, [keys.root])
    trust = read_trust(raw, now=now)
    assert trust == keys.trust
    assert read_trust(raw, now=now, lab=trust.lab, seen=anchor(trust)) == trust


@given(data=st.data())
def test_no_bit_of_a_trust_file_can_be_flipped(data, keys, now):
    raw = bytearray(write_trust(keys.trust, [keys.root]))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((NotSealed, Untrusted)):
        read_trust(bytes(raw), now=now, lab=keys.trust.lab)


def test_a_foreign_or_expired_trust_file_is_refused(keys, strangers, now):
    raw = write_trust(keys.trust, [keys.root])
    with pytest.raises(Untrusted, match="this host works for"):
        read_trust(raw, now=now, lab=strangers.trust.lab)
    with pytest.raises(Untrusted, match="ran out"):
        read_trust(raw, now=now + timedelta(days=365))
    with pytest.raises(Untrusted, match="may not sign as root"):
        read_trust(write_trust(keys.trust, [keys.ticket]), now=now)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.update(format="axiom-trust-9"), "format"),
        (lambda t: t.update(lab="0" * 64), "not named after its first root keys"),
        (lambda t: t.update(version=2), "version 2 stands in the place of version 1"),
        (lambda t: t.update(before="0" * 64), "does not name the one before it"),
        (lambda t: t["roles"]["ticket"].update(threshold=2), "2 signatures are wanted of 1 keys"),
        (lambda t: t["roles"]["ticket"].update(keys={"0" * 64: "1" * 64}), "named after another key"),
        (lambda t: t["roles"]["ticket"].update(t["roles"]["root"]), "a key has two roles"),
        (lambda t: t["roles"].pop("ticket"), "lacks the field 'ticket'"),
        (lambda t: t["roles"].update(tickets={}), "did you mean ticket"),
    ],
)
def test_a_trust_file_that_makes_no_sense_is_refused_even_when_signed(change, words, keys, now):
    trust = json.loads(trust_body(keys.trust))
    change(trust)
    body = canonical(trust)
    with pytest.raises(NotSealed, match=words):
        read_trust(add_version(body, signatures_of(body, [keys.root])), now=now)


def test_a_trust_file_without_a_version_or_over_the_limit_is_refused(now):
    with pytest.raises(NotSealed, match="no version at all"):
        read_trust(b'{"chain":[]}', now=now)
    with pytest.raises(NotSealed, match="are allowed"):
        read_trust(b" " * (TRUST_LIMIT + 1), now=now)
