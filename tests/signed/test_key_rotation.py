"""Each key is replaced, with the keys here and with the keys elsewhere; a host that knew the old ones goes along."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.errors import ForeignTicket, KeysUnusable, Refused
from axiom.runner.files.home import RunnerHome
from axiom.signed import key_rotation
from axiom.signed.boinc_code_signing import CODE_KEY, is_code_signed, load_code
from axiom.signed.keys import load_keys, make_keys, make_secrets
from axiom.signed.offline_keys import load_held, make_offline
from axiom.signed.signing_requests import SigningRequest, sign
from axiom.signed.trust import Role, Signers

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
WANTED = {Role.ROOT: (3, 2), Role.BUNDLE: (2, 2)}


class Host:
    """A host's folder, to which the laboratory's trust file is brought."""

    def __init__(self, path):
        self.home = RunnerHome(path)
        self.home.create()

    def brought(self, folder, now=NOW):
        (self.home.path / "trust.json").write_bytes((folder / "trust.json").read_bytes())
        return self.home.trust(now)


@pytest.fixture
def folder(tmp_path):
    """The keys of a laboratory that has them all."""
    make_keys(tmp_path / "keys", NOW)
    make_secrets(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path / "host")


@pytest.fixture
def elsewhere(tmp_path):
    return tmp_path / "elsewhere"


@pytest.fixture
def offline(tmp_path, elsewhere):
    """A server that never had root, bundle or code-signing keys."""
    folder = tmp_path / "server"
    key_rotation.begin(folder, make_offline(elsewhere, WANTED))
    make_secrets(folder)
    carried(folder, elsewhere)
    return folder


def asked(folder, **changes):
    return SigningRequest(
        before=key_rotation.trust_file(folder),
        trust=key_rotation.proposal(folder, NOW, **changes),
        code=load_code(folder).public_text,
        next_code=key_rotation.next_code(folder),
    )


def carried(folder, *places, **changes):
    """Have a request signed in these folders, and bring it back."""
    request = asked(folder, **changes)
    current = key_rotation.trusted(folder)
    for place in places:
        request = sign(request, load_held(place), seen=(), now=NOW, lab=current.lab if current else "")
    key_rotation.accept(folder, request, NOW)
    return load_keys(folder, NOW)


@pytest.mark.parametrize("role", list(Role))
def test_a_key_that_is_here_is_replaced_at_once_and_a_host_goes_along(role, folder, host):
    before = load_keys(folder, NOW).trust
    assert host.brought(folder) == before
    key_rotation.make_next(folder, role)
    trust = key_rotation.change_here(folder, NOW)
    after = load_keys(folder, NOW)
    assert (trust.version, trust.lab) == (2, before.lab)
    assert host.brought(folder) == trust == after.trust
    old, new = set(before.roles[role].keys), set(trust.roles[role].keys)
    assert new != old
    assert (old < new) == (role is Role.TICKET)  # orders by the old ticket key are under way
    assert not list(folder.glob("next-*"))
    key_rotation.make_next(folder, Role.TICKET)
    assert key_rotation.change_here(folder, NOW).version == 3
    assert host.brought(folder).version == 3


def test_a_ticket_key_of_before_is_trusted_for_one_version_more_unless_it_was_stolen(folder):
    first = load_keys(folder, NOW).ticket.id
    key_rotation.make_next(folder, Role.TICKET)
    assert first in key_rotation.change_here(folder, NOW).roles[Role.TICKET].keys
    assert first not in key_rotation.change_here(folder, NOW).roles[Role.TICKET].keys
    second = load_keys(folder, NOW).ticket.id
    key_rotation.make_next(folder, Role.TICKET)
    trust = key_rotation.change_here(folder, NOW, withdraw=True)
    assert second not in trust.roles[Role.TICKET].keys
    assert load_keys(folder, NOW).ticket.id in trust.roles[Role.TICKET].keys


def test_a_server_without_root_bundle_and_code_key_signs_orders_and_nothing_else(offline, host):
    keys = make_keys(offline, NOW)
    assert (keys.roots, keys.sealers, keys.can(Role.TICKET)) == ((), (), True)
    assert not keys.can(Role.ROOT)
    assert not keys.can(Role.BUNDLE)
    assert sorted(path.name for path in offline.iterdir()) == [
        "accounts.key",
        "code.json",
        "ticket.key",
        "trust.json",
        "upload.key",
    ]
    assert host.brought(offline).lab == keys.trust.lab
    with pytest.raises(KeysUnusable, match="axiom keys request"):
        make_secrets(offline).code.sign_file(b"a program")


def test_a_server_whose_first_trust_file_is_not_signed_yet_says_so(tmp_path, elsewhere):
    key_rotation.begin(tmp_path / "server", make_offline(elsewhere, WANTED))
    with pytest.raises(KeysUnusable, match="waits for the signatures of keys that are kept elsewhere"):
        make_keys(tmp_path / "server", NOW)
    assert carried(tmp_path / "server", elsewhere).trust.version == 1
    more = make_offline(tmp_path / "more", WANTED)
    with pytest.raises(KeysUnusable, match="has its keys"):
        key_rotation.begin(tmp_path / "server", more)


@pytest.mark.parametrize("role", [Role.ROOT, Role.BUNDLE])
def test_keys_elsewhere_are_replaced_by_others_elsewhere(role, offline, elsewhere, host, tmp_path):
    assert host.brought(offline).version == 1
    public = make_offline(tmp_path / "others", WANTED)
    key_rotation.name_next(offline, role, public.of(role))
    with pytest.raises(Refused, match="0 of the 2 root signatures"):
        carried(offline, tmp_path / "others") if role is Role.BUNDLE else carried(offline)
    keys = carried(offline, elsewhere, tmp_path / "others")
    assert keys.trust.roles[role] == public.of(role)
    assert host.brought(offline).version == 2
    assert key_rotation.proposal(offline, NOW) == b""


def test_keys_that_were_here_go_elsewhere_and_the_old_ones_are_removed(folder, elsewhere, host):
    host.brought(folder)
    public = make_offline(elsewhere, WANTED)
    for role in (Role.ROOT, Role.BUNDLE):
        key_rotation.name_next(folder, role, public.of(role))
    assert key_rotation.change_here(folder, NOW) is None  # the new root keys must sign, too
    before = load_code(folder).public_text
    assert key_rotation.change_code(folder, public.code)
    request = sign(asked(folder), load_held(folder), seen=(), now=NOW)
    request = sign(request, load_held(elsewhere), seen=(), now=NOW)
    key_rotation.accept(folder, request, NOW)
    keys, code = load_keys(folder, NOW), load_code(folder)
    assert (keys.roots, keys.sealers, code.key) == ((), (), None)
    assert host.brought(folder).version == 2
    told, signature = code.told(before)
    assert told == public.code
    assert is_code_signed(told.strip().encode(), signature, before)
    assert is_code_signed(
        (folder / "trust.json").read_bytes(), code.sign_file((folder / "trust.json").read_bytes()), told
    )


def test_the_loss_of_one_root_key_is_survived(offline, elsewhere, host, tmp_path):
    host.brought(offline)
    (elsewhere / "root-2.key").unlink()
    left = {key.id: key.public for key in load_held(elsewhere).signing}
    trust = load_keys(offline, NOW).trust
    stay = {name: public for name, public in trust.roles[Role.ROOT].keys.items() if name in left}
    fresh = make_offline(tmp_path / "fresh", {Role.ROOT: (1, 1), Role.BUNDLE: (1, 1)})
    key_rotation.name_next(offline, Role.ROOT, Signers(threshold=2, keys={**stay, **fresh.root.keys}))
    assert carried(offline, elsewhere).trust.version == 2
    assert host.brought(offline).roles[Role.ROOT].keys.keys() == stay.keys() | fresh.root.keys.keys()


def test_a_trust_file_that_names_no_ticket_key_of_this_server_is_not_put_into_force(offline, elsewhere):
    request = sign(asked(offline, withdraw=True), load_held(elsewhere), seen=(), now=NOW)
    assert not request.trust  # nothing to change
    key_rotation.make_next(offline, Role.TICKET)
    request = sign(asked(offline, withdraw=True), load_held(elsewhere), seen=(), now=NOW)
    (offline / "next-ticket.key").unlink()
    with pytest.raises(KeysUnusable, match="names no ticket key that this server has"):
        key_rotation.install(offline, request.trust_file(NOW), NOW)
    assert load_keys(offline, NOW).trust.version == 1


def test_what_was_interrupted_after_the_trust_file_is_taken_up_at_the_next_start(folder):
    key_rotation.make_next(folder, Role.BUNDLE)
    kept = {path.name: path.read_bytes() for path in folder.glob("*bundle.key")}
    key_rotation.change_here(folder, NOW)
    for name, body in kept.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(body)
    keys = make_keys(folder, NOW)
    assert keys.bundle.id in keys.trust.roles[Role.BUNDLE].keys
    assert not (folder / "next-bundle.key").exists()


def test_a_code_signing_key_that_is_here_is_followed_by_another_and_its_successor_again(folder):
    first = load_code(folder)
    key_rotation.change_code(folder, None)
    second = load_code(folder)
    key_rotation.change_code(folder, None)
    third = make_secrets(folder).code
    assert len({one.public_text for one in (first, second, third)}) == 3
    assert third.told("") == (third.public_text, "")
    assert third.told(third.public_text) == ("", "")
    for before, after in ((first, second), (second, third)):
        public, signature = third.told(before.public_text.replace("\n", "\r\n"))
        assert public == after.public_text
        assert is_code_signed(public.strip().encode(), signature, before.public_text)
    assert third.told("somebody else's") == ("", "")


def test_a_code_signing_key_elsewhere_is_followed_when_it_has_signed(offline, elsewhere, tmp_path):
    before = load_code(offline).public_text
    with pytest.raises(KeysUnusable, match="another one is made there, too"):
        key_rotation.change_code(offline, None)
    public = make_offline(tmp_path / "others", WANTED).code
    assert not key_rotation.change_code(offline, public)
    carried(offline, tmp_path / "others")
    assert load_code(offline).public_text == before
    carried(offline, elsewhere, tmp_path / "others")
    assert load_code(offline).told(before)[0] == public
    assert key_rotation.next_code(offline) == ""


def test_a_request_that_is_accepted_twice_changes_nothing_more(offline, elsewhere, tmp_path):
    key_rotation.change_code(offline, make_offline(tmp_path / "others", WANTED).code)
    request = asked(offline)
    for place in (elsewhere, tmp_path / "others"):
        request = sign(request, load_held(place), seen=(), now=NOW, lab=key_rotation.trusted(offline).lab)
    key_rotation.accept(offline, request, NOW)
    before = (offline / "code.json").read_bytes()
    key_rotation.accept(offline, request, NOW)
    assert (offline / "code.json").read_bytes() == before


@pytest.mark.parametrize("role", [Role.ROOT, Role.BUNDLE])
def test_a_server_without_root_or_bundle_key_makes_none(role, offline):
    with pytest.raises(KeysUnusable, match="kept elsewhere, so others are made there, too"):
        key_rotation.make_next(offline, role)
    assert not list(offline.glob("next-*"))


def test_an_interrupted_change_of_the_code_signing_key_is_taken_up(folder):
    old = (folder / CODE_KEY).read_bytes()
    key_rotation.change_code(folder, None)
    new = (folder / CODE_KEY).read_bytes()
    (folder / CODE_KEY).write_bytes(old)
    (folder / "next-code.key").touch(mode=0o600)
    (folder / "next-code.key").write_bytes(new)
    with pytest.raises(KeysUnusable, match="is not the code-signing key that"):
        load_code(folder)
    assert make_secrets(folder).code.key is not None
    assert (folder / CODE_KEY).read_bytes() == new


def test_serials_are_forgotten_when_nobody_is_left_who_sealed_before(folder, host):
    host.brought(folder)
    with host.home._alone():
        seen = host.home._read_seen()
    raised = replace(seen, serials={"probe@1": 2**50})
    same = raised.with_trust(load_keys(folder, NOW).trust)
    assert same.serials == {"probe@1": 2**50}
    key_rotation.make_next(folder, Role.BUNDLE)
    assert raised.with_trust(key_rotation.change_here(folder, NOW)).serials == {}


def test_a_host_that_was_away_is_not_led_to_another_laboratory(folder, host, tmp_path):
    host.brought(folder)
    make_keys(tmp_path / "strangers", NOW)
    with pytest.raises(ForeignTicket, match="this host works for"):
        host.brought(tmp_path / "strangers")
    with pytest.raises(ForeignTicket, match="ran out"):
        host.brought(folder, NOW + timedelta(days=365))
