"""The versions of a trust file: how keys change, and what a host that saw an older version takes."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from axiom.signed.canonical_json import canonical, parse
from axiom.signed.keys import SigningKey
from axiom.signed.trust import (
    Anchor,
    NotSealed,
    Role,
    Signers,
    Trust,
    Untrusted,
    lab_name,
    read_trust,
    versions_of,
    write_trust,
)

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


def anchor(trust):
    return Anchor(version=trust.version, link=trust.link)


def test_a_host_that_saw_the_first_version_walks_to_the_newest_although_every_root_key_changed(first, now):
    seen = anchor(taken(first, now))
    mixed = (THREE[0], NEXT[0], NEXT[1])
    newest = first.then(THREE[0], THREE[1], NEXT[0], roots=mixed).then(NEXT[0], NEXT[1], roots=NEXT).then(*NEXT[1:])
    trust = taken(newest, now, seen, first.trust.lab)
    assert (trust.version, trust.lab) == (4, first.trust.lab)
    assert set(trust.roles[Role.ROOT].keys) == {key.id for key in NEXT}
    assert taken(newest, now) == trust
    assert taken(newest, now, anchor(trust)) == trust


def test_a_lost_root_key_is_replaced_by_the_other_two(first, now):
    _, kept, also_kept = THREE
    newest = first.then(kept, also_kept, roots=(kept, also_kept, NEXT[0]))
    assert taken(newest.then(kept, NEXT[0]), now, anchor(taken(first, now))).version == 3


@pytest.mark.parametrize(
    ("signing", "words"),
    [
        ((THREE[0],), "1 of the 2 root signatures of its own"),
        ((THREE[0], NEXT[0], NEXT[1]), "1 of the 2 root signatures of the version before"),
        ((NEXT[0], NEXT[1]), "0 of the 2 root signatures of the version before"),
        ((THREE[0], THREE[1]), "0 of the 2 root signatures of its own"),
        ((THREE[0], THREE[1], NEXT[0]), "1 of the 2 root signatures of its own"),
        ((THREE[0], THREE[1], NEXT[0], BUNDLE), "may not sign as root"),
        ((), "0 of the 2 root signatures of its own"),
    ],
)
def test_new_root_keys_need_the_threshold_of_the_old_ones_and_of_their_own(signing, words, first, now):
    roots = (THREE[0], THREE[1], THREE[2]) if signing == (THREE[0],) else NEXT
    with pytest.raises(Untrusted, match=words):
        taken(first.then(*signing, roots=roots), now)


def test_a_key_cannot_sign_twice_towards_a_threshold(first, now):
    with pytest.raises(Untrusted, match="1 of the 2 root signatures"):
        taken(first.then(THREE[0], THREE[0]), now)


def test_an_older_version_is_refused_and_so_is_another_version_of_the_same_number(first, now):
    second, fork = first.then(*THREE[:2]), first.then(*THREE[1:], expires=now + timedelta(days=100))
    seen = anchor(taken(second, now))
    with pytest.raises(Untrusted, match="version 1, and version 2 was seen"):
        taken(first, now, seen)
    for forked in (fork, fork.then(*THREE[:2])):
        assert taken(forked, now).version == forked.trust.version
        with pytest.raises(Untrusted, match="another version 2 than the one that was seen"):
            taken(forked, now, seen)


def test_withdrawn_root_keys_can_lead_nobody_away_who_saw_their_successors(first, now):
    true = first.then(*THREE[:2], *NEXT[:2], roots=NEXT)
    stolen = first.then(*THREE[:2]).then(*THREE[:2])
    with pytest.raises(Untrusted, match="another version 2"):
        taken(stolen, now, anchor(taken(true, now)))
    with pytest.raises(Untrusted, match="may not sign as root"):
        taken(true.then(*THREE[:2]), now, anchor(taken(true, now)))


def test_only_the_newest_version_has_to_be_good_for_today(first, now):
    later = now + timedelta(days=400)
    with pytest.raises(Untrusted, match="ran out"):
        taken(first, later)
    renewed = first.then(*THREE[:2], expires=later + timedelta(days=1))
    assert taken(renewed, later, anchor(taken(first, now))).version == 2


def test_versions_cannot_be_left_out_put_in_another_order_or_taken_from_another_laboratory(first, now):
    newest = first.then(*THREE[:2]).then(*THREE[:2])
    chain = parse(newest.raw, limit=10**6)["chain"]
    for some in (chain[1:], [chain[0], chain[2]], [chain[0], chain[2], chain[1]], [*chain, chain[2]], chain * 2):
        with pytest.raises(NotSealed):
            read_trust(canonical({"chain": some}), now=now)
    foreign = replace(first.trust, lab="ab" * 32, version=2)
    with pytest.raises(NotSealed, match="not named after its first root keys"):
        read_trust(write_trust(foreign, THREE, first.raw), now=now)


def test_a_changed_signature_of_an_old_version_is_noticed_from_the_anchor_on(first, now):
    newest = first.then(*THREE[:2]).then(*THREE[:2])
    trust = taken(newest, now)
    data = parse(newest.raw, limit=10**6)
    data["chain"][0]["signatures"] = {}
    with pytest.raises(NotSealed, match="does not name the one before it"):
        read_trust(canonical(data), now=now, seen=anchor(trust))


def test_the_versions_of_our_own_file_can_be_looked_at(first):
    assert [trust.version for trust in versions_of(first.then(*THREE[:2]).raw)] == [1, 2]
