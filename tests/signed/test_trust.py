"""Who may sign what: texts under a seal, and trust files with their versions, as keys change."""

import json
from base64 import urlsafe_b64encode as encode
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from axiom.signed.canonical_json import canonical_bytes, parse_canonical
from axiom.signed.keys import SigningKey
from axiom.signed.trust import (
    TRUST_LIMIT,
    Anchor,
    NotSealed,
    Role,
    Signers,
    Trust,
    Untrusted,
    add_version,
    lab_name,
    read_trust,
    seal_payload,
    signatures_of,
    trust_body,
    unseal_payload,
    versions_of,
    write_trust,
)


def anchor(trust):
    return Anchor(version=trust.version, link=trust.link)


def seal(kind, payload, keys):
    return seal_payload(canonical_bytes({**payload, "kind": kind}), keys)


def opened(text, trust, role=Role.TICKET, kind="thing-1", limit=10_000):
    return unseal_payload(text, kind=kind, role=role, trust=trust, limit=limit)


def test_what_was_sealed_by_enough_distinct_keys_is_unsealed_and_nothing_else(keys, strangers):
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
    body, _ = seal("thing-1", {}, [keys.ticket]).split(".")
    raw = b'{"kind": "thing-1"}'
    marks = canonical_bytes({keys.ticket.id: keys.ticket.sign(raw).hex()})
    with pytest.raises(NotSealed, match="canonical"):
        opened(".".join(encode(part).decode().rstrip("=") for part in (raw, marks)), keys.trust)
    marks = canonical_bytes({keys.ticket.id: 5})
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
    body = canonical_bytes(trust)
    with pytest.raises(NotSealed, match=words):
        read_trust(add_version(body, signatures_of(body, [keys.root])), now=now)


THREE = tuple(SigningKey.make() for _ in range(3))
NEXT = tuple(SigningKey.make() for _ in range(3))
BUNDLE, TICKET = SigningKey.make(), SigningKey.make()


def signers(threshold, *keys):
    return Signers(threshold=threshold, keys={key.id: key.public for key in keys})


@dataclass
class Ceremony:
    """A laboratory whose root is two of three keys."""

    trust: Trust
    raw: bytes

    def then(self, *signing, roots=None, threshold=2, **changes) -> "Ceremony":
        roles = {**self.trust.roles, **({Role.ROOT: signers(threshold, *roots)} if roots else {})}
        trust = replace(self.trust, version=self.trust.version + 1, roles=roles, **changes)
        return Ceremony(trust, write_trust(trust, signing, self.raw))


@pytest.fixture
def first(now) -> Ceremony:
    root = signers(2, *THREE)
    roles = {Role.ROOT: root, Role.BUNDLE: signers(1, BUNDLE), Role.TICKET: signers(1, TICKET)}
    trust = Trust(lab=lab_name(root), version=1, expires=now + timedelta(days=365), roles=roles)
    return Ceremony(trust, write_trust(trust, THREE[:2]))


def taken(ceremony, now, seen=None, lab=None):
    return read_trust(ceremony.raw, now=now, seen=seen, lab=lab)


def test_a_host_walks_from_the_first_version_to_the_newest_over_changed_root_keys(first, now):
    seen = anchor(taken(first, now))
    mixed = (THREE[0], NEXT[0], NEXT[1])
    newest = first.then(THREE[0], THREE[1], NEXT[0], roots=mixed).then(NEXT[0], NEXT[1], roots=NEXT).then(*NEXT[1:])
    trust = taken(newest, now, seen, first.trust.lab)
    assert (trust.version, trust.lab) == (4, first.trust.lab)
    assert set(trust.roles[Role.ROOT].keys) == {key.id for key in NEXT}
    assert taken(newest, now) == taken(newest, now, anchor(trust)) == trust
    assert [version.version for version in versions_of(newest.raw)] == [1, 2, 3, 4]
    assert taken(first, now).sealers_before == {}
    assert taken(first.then(*THREE[:2]), now).sealers_before == {BUNDLE.id: BUNDLE.public}
    with pytest.raises(Untrusted, match="ran out"):
        taken(newest, trust.expires)
    renewed = newest.then(*NEXT[:2], expires=trust.expires + timedelta(days=1))  # the newest alone must be good
    assert taken(renewed, trust.expires, seen).version == 5


@pytest.mark.parametrize(
    ("signing", "roots", "fact"),
    [
        ((THREE[0],), THREE, "1 of the 2 .* its own"),
        ((THREE[0], THREE[0]), THREE, "1 of the 2 .* its own"),
        ((), NEXT, "0 of the 2 .* its own"),
        ((THREE[0], NEXT[0], NEXT[1]), NEXT, "1 of the 2 .* the version before"),
        ((NEXT[0], NEXT[1]), NEXT, "0 of the 2 .* the version before"),
        ((THREE[0], THREE[1]), NEXT, "0 of the 2 .* its own"),
        ((THREE[0], THREE[1], NEXT[0]), NEXT, "1 of the 2 .* its own"),
        ((THREE[0], THREE[1], NEXT[0], BUNDLE), NEXT, "may not sign"),
    ],
)
def test_new_root_keys_need_the_threshold_of_the_old_ones_and_of_their_own(signing, roots, fact, first, now):
    with pytest.raises(Untrusted, match=fact):
        taken(first.then(*signing, roots=roots), now)
    others = first.then(*THREE[1:], roots=(*THREE[1:], NEXT[0]))  # one was lost, and replaced by the other two
    assert taken(others.then(THREE[1], NEXT[0]), now, anchor(taken(first, now))).version == 3


def test_no_version_is_taken_for_another_left_out_or_put_in_another_order(first, now):
    second, fork = first.then(*THREE[:2]), first.then(*THREE[1:], expires=now + timedelta(days=100))
    seen = anchor(taken(second, now))
    with pytest.raises(Untrusted, match="version 1, and version 2"):
        taken(first, now, seen)
    for forked in (fork, fork.then(*THREE[:2])):
        assert taken(forked, now).version == forked.trust.version
        with pytest.raises(Untrusted, match="another version 2"):
            taken(forked, now, seen)
    true = first.then(*THREE[:2], *NEXT[:2], roots=NEXT)
    for stolen, fact in ((second.then(*THREE[:2]), "another version 2"), (true.then(*THREE[:2]), "may not sign")):
        with pytest.raises(Untrusted, match=fact):
            taken(stolen, now, anchor(taken(true, now)))
    newest = first.then(*THREE[:2]).then(*THREE[:2])
    data = parse_canonical(newest.raw, limit=10**6)
    chain = data["chain"]
    for some in (chain[1:], [chain[0], chain[2]], [chain[0], chain[2], chain[1]], [*chain, chain[2]], chain * 2):
        with pytest.raises(NotSealed):
            read_trust(canonical_bytes({"chain": some}), now=now)
    foreign = replace(first.trust, lab="ab" * 32, version=2)
    with pytest.raises(NotSealed, match="first root keys"):
        read_trust(write_trust(foreign, THREE, first.raw), now=now)
    chain[0]["signatures"] = {}
    with pytest.raises(NotSealed, match="one before"):
        read_trust(canonical_bytes(data), now=now, seen=anchor(taken(newest, now)))
