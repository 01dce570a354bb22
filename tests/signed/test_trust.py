import json
from base64 import urlsafe_b64encode as encode
from dataclasses import replace
from datetime import timedelta

import pytest

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


def anchor(trust):
    return Anchor(version=trust.version, link=trust.link)


def seal(kind, payload, keys):
    return sealed(canonical({**payload, "kind": kind}), keys)


def opened(text, trust, role=Role.TICKET, kind="thing-1", limit=10_000):
    return unseal(text, kind=kind, role=role, trust=trust, limit=limit)


def test_what_was_sealed_is_unsealed_and_nothing_else(keys, strangers):
    text = seal("thing-1", {"a": [1, 2.5, "é"]}, [keys.ticket])
    assert opened(text, keys.trust, limit=len(text)) == {"a": [1, 2.5, "é"]}
    assert not any(sign.isspace() for sign in text)
    for changes in ({"kind": "other-1"}, {"limit": len(text) - 1}):
        with pytest.raises(NotSealed):
            opened(text, keys.trust, **changes)
    body, marks = text.split(".")
    for text in (f"{body}=.{marks}", f"{body}é.{marks}", f"{body}*.{marks}", f" {body}.{marks}", f"{body}.{marks}."):
        with pytest.raises(NotSealed):
            opened(text, keys.trust)
    for key in (keys.bundle, keys.root, strangers.ticket):
        with pytest.raises(Untrusted, match="may not sign as ticket"):
            opened(seal("thing-1", {}, [key]), keys.trust)


def test_a_threshold_wants_distinct_keys(keys):
    three = [SigningKey.make() for _ in range(3)]
    both = Signers(threshold=2, keys={key.id: key.public for key in three})
    trust = replace(keys.trust, roles={**keys.trust.roles, Role.TICKET: both})
    for signing, is_enough in (((0, 1), True), ((1, 2), True), ((0,), False), ((), False), ((0, 0), False)):
        text = seal("thing-1", {"a": 1}, [three[place] for place in signing])
        if is_enough:
            assert opened(text, trust) == {"a": 1}
        else:
            with pytest.raises(Untrusted, match="of the 2"):
                opened(text, trust)


def test_a_signed_body_that_is_not_canonical_is_refused(keys):
    body, _ = seal("thing-1", {}, [keys.ticket]).split(".")
    raw = b'{"kind": "thing-1"}'
    marks = canonical({keys.ticket.id: keys.ticket.sign(raw).hex()})
    with pytest.raises(NotSealed, match="canonical"):
        opened(".".join(encode(part).decode().rstrip("=") for part in (raw, marks)), keys.trust)
    marks = canonical({keys.ticket.id: 5})
    with pytest.raises(Untrusted, match="false"):
        opened(f"{body}.{encode(marks).decode().rstrip('=')}", keys.trust)


def test_trust_is_read_as_written_and_a_foreign_or_expired_file_is_refused(keys, strangers, now):
    raw = write_trust(keys.trust, [keys.root])
    trust = read_trust(raw, now=now)
    assert trust == keys.trust == read_trust(raw, now=now, lab=trust.lab, seen=anchor(trust))
    assert read_trust(raw, now=trust.expires - timedelta(seconds=1)) == trust
    with pytest.raises(Untrusted, match="works for"):
        read_trust(raw, now=now, lab=strangers.trust.lab)
    with pytest.raises(Untrusted, match="ran out"):
        read_trust(raw, now=trust.expires)
    with pytest.raises(Untrusted, match="as root"):
        read_trust(write_trust(keys.trust, [keys.ticket]), now=now)
    for none in (b'{"chain":[]}', b" " * (TRUST_LIMIT + 1)):
        with pytest.raises(NotSealed):
            read_trust(none, now=now)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.update(format="axiom-trust-9"), "format"),
        (lambda t: t.update(lab="0" * 64), "first root keys"),
        (lambda t: t.update(version=2), "version 2"),
        (lambda t: t.update(before="0" * 64), "the one before"),
        (lambda t: t["roles"]["ticket"].update(threshold=2), "2 .* of 1 keys"),
        (lambda t: t["roles"]["ticket"].update(keys={"0" * 64: "1" * 64}), "named after another key"),
        (lambda t: t["roles"]["ticket"].update(t["roles"]["root"]), "a key has two roles"),
        (lambda t: t["roles"].pop("ticket"), "'ticket'"),
        (lambda t: t["roles"].update(tickets={}), "tickets"),
    ],
)
def test_a_trust_file_that_makes_no_sense_is_refused_even_when_signed(change, words, keys, now):
    trust = json.loads(trust_body(keys.trust))
    change(trust)
    body = canonical(trust)
    with pytest.raises(NotSealed, match=words):
        read_trust(add_version(body, signatures_of(body, [keys.root])), now=now)
