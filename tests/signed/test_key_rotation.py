"""Each key is replaced, with the keys here and with the keys elsewhere; a host that knew the old ones goes along."""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.errors import ForeignTicket, KeysUnusable, Refused
from axiom.runner.files.home import RunnerHome
from axiom.signed import key_rotation
from axiom.signed.boinc_code_signing import CODE_KEY, is_code_signed, load_code
from axiom.signed.keys import load_keys, make_keys, make_secrets
from axiom.signed.offline_keys import PUBLIC_FILE, load_held, make_offline, read_public
from axiom.signed.signing_requests import SigningRequest, add_signatures
from axiom.signed.trust import Role

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


class Host:
    """A host's folder, to which the laboratory's trust file is brought."""

    def __init__(self, path):
        self.home = RunnerHome(path)
        self.home.create()

    def brought(self, folder, now=NOW):
        (self.home.path / "trust.json").write_bytes((folder / "trust.json").read_bytes())
        return self.home.trust(now)


@pytest.fixture(scope="module")
def originals(tmp_path_factory):
    """`keys` is of a laboratory that has them all; `server` never had root, bundle or code-signing keys."""
    place = tmp_path_factory.mktemp("originals")
    make_keys(place / "keys", NOW)
    make_secrets(place / "keys")
    key_rotation.begin_with_public(place / "server", make_offline(place / "elsewhere"))
    make_secrets(place / "server")
    carried(place / "server", place / "elsewhere")
    for name in ("others", "fresh"):
        make_offline(place / name)
    return place


@pytest.fixture
def places(originals, tmp_path):
    return shutil.copytree(originals, tmp_path / "places")


def place(name):
    return pytest.fixture(lambda places: places / name)


folder, offline, elsewhere = place("keys"), place("server"), place("elsewhere")
others = place("others")  # another folder of keys that are kept elsewhere, and its public half


@pytest.fixture
def public(others):
    return read_public(others / PUBLIC_FILE)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path / "host")


def asked(folder, **changes):
    return SigningRequest(
        before=key_rotation.trust_file(folder),
        trust=key_rotation.propose_trust(folder, NOW, **changes),
        code=load_code(folder).public_text,
        next_code=key_rotation.read_next_code(folder),
    )


def carried(folder, *places, **changes):
    """Have a request signed in these folders, and bring it back."""
    request = asked(folder, **changes)
    current = key_rotation.read_current_trust(folder)
    for place in places:
        request = add_signatures(request, load_held(place), seen=(), now=NOW, lab=current.lab if current else "")
    key_rotation.accept_signatures(folder, request, NOW)
    return load_keys(folder, NOW)


@pytest.mark.parametrize("role", list(Role))
def test_a_key_that_is_here_is_replaced_at_once_and_a_host_goes_along(role, folder, host):
    before = load_keys(folder, NOW).trust
    assert host.brought(folder) == before
    with host.home._locked():
        raised = replace(host.home._read_seen(), serials={"probe@1": 2**50})
    assert raised.with_trust(before).serials == {"probe@1": 2**50}
    key_rotation.make_next(folder, role)
    waiting = {path.name: path.read_bytes() for path in folder.glob("*.key")}
    trust = key_rotation.change_here(folder, NOW)
    after = load_keys(folder, NOW)
    assert (trust.version, trust.lab) == (2, before.lab)
    assert host.brought(folder) == trust == after.trust
    old, new = set(before.roles[role].keys), set(trust.roles[role].keys)
    assert new != old
    assert (old < new) == (role is Role.TICKET)  # orders by the old ticket key are under way
    assert bool(raised.with_trust(trust).serials) == (role is not Role.BUNDLE)  # nobody is left who sealed before
    assert not list(folder.glob("next-*"))
    for name, body in waiting.items():  # it was interrupted after the trust file
        (folder / name).touch(mode=0o600)
        (folder / name).write_bytes(body)
    assert make_keys(folder, NOW).trust == trust
    assert not list(folder.glob("next-*"))
    first = load_keys(folder, NOW).ticket.id
    assert key_rotation.change_here(folder, NOW).version == 3 if role is Role.TICKET else True
    key_rotation.make_next(folder, Role.TICKET)
    withdrawn = key_rotation.change_here(folder, NOW, withdraw=True)  # it was stolen
    assert list(withdrawn.roles[Role.TICKET].keys) == [load_keys(folder, NOW).ticket.id] != [first]
    assert host.brought(folder) == withdrawn


def test_a_server_without_the_other_keys_signs_orders_and_nothing_else(offline, host, tmp_path, others, public):
    keys = make_keys(offline, NOW)
    assert (keys.roots, keys.sealers) == ((), ())
    assert [role for role in Role if keys.can(role)] == [Role.TICKET]
    names = ["accounts.key", "code.json", "ticket.key", "trust.json", "upload.key"]
    assert sorted(path.name for path in offline.iterdir()) == names
    assert host.brought(offline).lab == keys.trust.lab
    with pytest.raises(KeysUnusable, match="axiom keys request"):
        make_secrets(offline).code.sign_file(b"a program")
    for role in (Role.ROOT, Role.BUNDLE):
        with pytest.raises(KeysUnusable, match=role.value):
            key_rotation.make_next(offline, role)
    assert sorted(path.name for path in offline.iterdir()) == names
    key_rotation.begin_with_public(tmp_path / "new", public)
    with pytest.raises(KeysUnusable, match="waits"):
        make_keys(tmp_path / "new", NOW)
    assert carried(tmp_path / "new", others).trust.version == 1
    with pytest.raises(KeysUnusable, match="has its keys"):
        key_rotation.begin_with_public(tmp_path / "new", public)


@pytest.mark.parametrize("role", [Role.ROOT, Role.BUNDLE])
def test_keys_elsewhere_are_replaced_by_others_elsewhere(role, offline, elsewhere, host, others, public):
    assert host.brought(offline).version == 1
    key_rotation.name_next(offline, role, public.of(role))
    with pytest.raises(Refused, match="0 of the 1"):
        carried(offline, *([others] if role is Role.BUNDLE else []))
    keys = carried(offline, elsewhere, others)
    assert keys.trust.roles[role] == public.of(role)
    assert host.brought(offline).version == 2
    assert key_rotation.propose_trust(offline, NOW) == b""


def test_keys_that_were_here_go_elsewhere_and_the_old_ones_are_removed(folder, others, public, host):
    host.brought(folder)
    for role in (Role.ROOT, Role.BUNDLE):
        key_rotation.name_next(folder, role, public.of(role))
    assert key_rotation.change_here(folder, NOW) is None  # the new root keys must sign, too
    before = load_code(folder).public_text
    assert key_rotation.change_code(folder, public.code)
    request = asked(folder)
    for place in (folder, others):
        request = add_signatures(request, load_held(place), seen=(), now=NOW)
    key_rotation.accept_signatures(folder, request, NOW)
    keys, code = load_keys(folder, NOW), load_code(folder)
    assert keys.roots == ()
    assert keys.sealers == ()
    assert code.key is None
    assert host.brought(folder).version == 2
    announced, signature = code.key_for(before)
    assert announced == public.code
    assert is_code_signed(announced.strip().encode(), signature, before)
    raw = (folder / "trust.json").read_bytes()
    assert is_code_signed(raw, code.sign_file(raw), announced)


def test_a_trust_file_that_names_no_ticket_key_of_this_server_is_not_put_into_force(offline, elsewhere):
    request = add_signatures(asked(offline, withdraw=True), load_held(elsewhere), seen=(), now=NOW)
    assert not request.trust  # nothing to change
    key_rotation.make_next(offline, Role.TICKET)
    request = add_signatures(asked(offline, withdraw=True), load_held(elsewhere), seen=(), now=NOW)
    (offline / "next-ticket.key").unlink()
    with pytest.raises(KeysUnusable, match="no ticket key"):
        key_rotation.install_trust(offline, request.trust_file(NOW), NOW)
    assert load_keys(offline, NOW).trust.version == 1


def test_a_code_signing_key_that_is_here_is_followed_by_another_again_and_again(folder):
    first, old = load_code(folder), (folder / CODE_KEY).read_bytes()
    key_rotation.change_code(folder, None)
    second, new = load_code(folder), (folder / CODE_KEY).read_bytes()
    (folder / CODE_KEY).write_bytes(old)  # as where the change was interrupted
    (folder / "next-code.key").touch(mode=0o600)
    (folder / "next-code.key").write_bytes(new)
    with pytest.raises(KeysUnusable, match="code-signing key"):
        load_code(folder)
    assert make_secrets(folder).code.key is not None
    assert (folder / CODE_KEY).read_bytes() == new
    key_rotation.change_code(folder, None)
    third = make_secrets(folder).code
    assert len({code.public_text for code in (first, second, third)}) == 3
    assert third.key_for("") == (third.public_text, "")
    assert third.key_for(third.public_text) == third.key_for("somebody else's") == ("", "")
    for before, after in ((first, second), (second, third)):
        public, signature = third.key_for(before.public_text.replace("\n", "\r\n"))
        assert public == after.public_text
        assert is_code_signed(public.strip().encode(), signature, before.public_text)


def test_a_code_signing_key_elsewhere_is_followed_when_it_has_signed(offline, elsewhere, others, public):
    before = load_code(offline).public_text
    with pytest.raises(KeysUnusable, match="code-signing key"):
        key_rotation.change_code(offline, None)
    assert not key_rotation.change_code(offline, public.code)
    carried(offline, others)
    assert load_code(offline).public_text == before
    request = asked(offline)
    for place in (elsewhere, others):
        request = add_signatures(
            request, load_held(place), seen=(), now=NOW, lab=key_rotation.read_current_trust(offline).lab
        )
    key_rotation.accept_signatures(offline, request, NOW)
    assert load_code(offline).key_for(before)[0] == public.code
    assert key_rotation.read_next_code(offline) == ""
    known = (offline / "code.json").read_bytes()
    key_rotation.accept_signatures(offline, request, NOW)  # once more changes nothing
    assert (offline / "code.json").read_bytes() == known


def test_a_host_that_was_away_is_not_led_to_another_laboratory(folder, offline, host):
    host.brought(folder)
    for place, now, fact in ((offline, NOW, "works for"), (folder, NOW + timedelta(days=365), "ran out")):
        with pytest.raises(ForeignTicket, match=fact):
            host.brought(place, now)
