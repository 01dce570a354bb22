"""Keys are made once; one that a full disk or a hand has damaged is named, and nothing is done on its word."""

import json
import shutil
from datetime import timedelta

import pytest

from axiom.errors import KeysUnusable
from axiom.signed import key_rotation, offline_keys
from axiom.signed.key_rotation import Rotation
from axiom.signed.keys import RENEW_HERE, list_lost_keys, load_keys, load_secrets, make_keys, make_secrets
from axiom.signed.signing_key import SigningKey, is_signed
from axiom.signed.trust import TRUST_FILE, Role, lab_name, signers_by, versions_of, write_trust


def test_keys_are_made_once_and_a_trust_file_about_to_run_out_is_renewed(tmp_path, now):
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    (root := SigningKey.make()).save(folder / "root.key")  # as where the making was interrupted
    made, again = make_keys(folder, now), make_keys(folder, now + timedelta(days=1))
    assert made.trust == again.trust == load_keys(folder, now).trust
    assert [made.root.id, made.bundle.id, made.ticket.id] == [root.id, again.bundle.id, again.ticket.id]
    ids = {role: list(signers.keys) for role, signers in made.trust.roles.items()}
    assert ids == {Role.ROOT: [made.root.id], Role.BUNDLE: [made.bundle.id], Role.TICKET: [made.ticket.id]}
    assert made.trust.lab == lab_name(made.trust.roles[Role.ROOT])
    assert len({made.root.id, made.bundle.id, made.ticket.id}) == 3
    modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
    assert modes == {"keys": 0o700, **dict.fromkeys(("root.key", "bundle.key", "ticket.key", "trust.json"), 0o600)}
    soon = made.trust.expires - RENEW_HERE
    days = (soon - timedelta(seconds=1), soon, now + timedelta(days=1000))
    assert [make_keys(folder, day).trust.version for day in days] == [1, 2, 3]
    versions = versions_of((folder / "trust.json").read_bytes())
    assert [trust.lab for trust in versions] == [made.trust.lab] * 3
    assert versions[-1].expires > days[-1]


def test_a_key_is_never_written_over_nor_shown_and_signs_these_bytes_alone(tmp_path):
    path, key, other = tmp_path / "a.key", SigningKey.make(), SigningKey.make()
    key.save(path)
    before = path.read_text()
    with pytest.raises(FileExistsError):
        other.save(path)
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("a.key", before)]
    private = before.split('"private":"')[1][:64]
    path.write_text(before.replace(private, private[:-1] + "g"))
    with pytest.raises(KeysUnusable) as caught:
        SigningKey.load(path)
    assert private[:20] not in str(caught.value)
    signature = key.sign(b"order").hex()
    assert is_signed(b"order", signature, key.public)
    assert not is_signed(b"ordes", signature, key.public)
    assert not is_signed(b"order", signature, other.public)
    assert not is_signed(b"order", "xyz", key.public)


def test_keys_in_danger_and_a_trust_file_that_cannot_be_used_are_refused(tmp_path, now):
    folder = tmp_path / "keys"
    made = make_keys(folder, now)
    path, trust = folder / "ticket.key", folder / "trust.json"
    whole, whole_trust = path.read_bytes(), trust.read_bytes()

    def refused(fact, use=load_keys, now=now):
        with pytest.raises(KeysUnusable, match=fact):
            use(folder, now)

    path.chmod(0o640)
    refused(r"mode 640.*chmod 600")
    path.chmod(0o600)
    for body in (b"", whole[:-9], whole.replace(made.ticket.public.encode(), made.root.public.encode())):
        path.write_bytes(body)
        refused("damaged")
    path.unlink()
    refused("read", make_keys)
    SigningKey.make().save(path)
    refused(r"trust\.json")
    path.write_bytes(whole)
    refused("ran out", now=now + timedelta(days=366))
    trust.write_bytes(b"{}")
    refused("'chain'")
    refused("'chain'", make_keys)
    trust.unlink()
    refused("read")
    trust.touch(mode=0o600)
    trust.write_bytes(whole_trust)
    load_keys(folder, now)
    folder.chmod(0o755)
    refused("chmod 700")


SECRETS = ("accounts.key", "upload.key", "code.key")


def test_secrets_for_volunteers_are_made_once_and_if_in_danger_refused_but_not_shown(tmp_path, now):
    folder = tmp_path / "keys"
    make_keys(folder, now)
    made, again = make_secrets(folder), make_secrets(folder)
    assert (made.accounts, made.upload) == (again.accounts, again.upload)
    assert made.code.public_text == again.code.public_text == load_secrets(folder).code.public_text
    assert made.accounts != made.upload
    assert len(made.accounts) == 32
    assert len(made.upload) == 32
    assert {(folder / name).stat().st_mode & 0o777 for name in SECRETS} == {0o600}
    assert make_keys(folder, now).trust.version == 1
    assert made.accounts.hex() not in repr(made)
    for name in SECRETS:
        whole = (path := folder / name).read_bytes()
        path.chmod(0o644)
        with pytest.raises(KeysUnusable, match="mode 644"):
            make_secrets(folder)
        path.chmod(0o600)
        for body in (b"", whole[:-9], whole.upper(), b"{}", b"\xff"):
            path.write_bytes(body)
            with pytest.raises(KeysUnusable, match="damaged") as caught:
                make_secrets(folder)
            assert not any(secret.hex()[:16] in str(caught.value) for secret in (made.accounts, made.upload))
        path.unlink()
        with pytest.raises(KeysUnusable, match="read"):
            load_secrets(folder)
        path.touch(mode=0o600)
        path.write_bytes(whole)


@pytest.mark.parametrize(
    ("lost", "with_accounts"), [("trust.json", False), ("ticket.key", False), *((name, True) for name in SECRETS)]
)
def test_what_a_laboratory_is_known_by_is_missed_once_it_is_known(lost, with_accounts, tmp_path, now):
    folder = tmp_path / "keys"
    starts(folder, now)
    assert list_lost_keys(folder, has_signed=True, has_accounts=True) == []
    (folder / lost).unlink()
    assert list_lost_keys(folder, has_signed=True, has_accounts=with_accounts) == [lost]
    assert list_lost_keys(folder, has_signed=False, has_accounts=False) == []
    (folder / "root.key").unlink()  # which may be elsewhere
    assert list_lost_keys(folder, has_signed=True, has_accounts=True) == [lost]


DAMAGES = {"empty": b"", "another's": b'{"format":"axiom-secret-1"}', "no text": b"\xff\x00" * 40}
HOW = ("cut", "a folder", *DAMAGES)


@pytest.fixture(scope="module")
def made(tmp_path_factory, now):
    """A folder with every file that a laboratory with its own keys ever has."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    make_keys(folder, now)
    key_rotation.rotate_keys(folder, Rotation(role="code"), now)
    return folder


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A folder that waits for its first trust file, and for another code-signing key."""
    place = tmp_path_factory.mktemp("waiting")
    public = offline_keys.make_offline(place / "elsewhere")
    key_rotation.begin_with_public(place / "keys", public)
    key_rotation.change_code(place / "keys", public.code)
    return place / "keys"


def starts(folder, now):
    make_keys(folder, now)
    make_secrets(folder)


def rotates(folder, now):
    key_rotation.rotate_keys(folder, Rotation(role="ticket"), now)


def asks(folder, now):
    key_rotation.propose_trust(folder, now)
    make_secrets(folder)
    key_rotation.read_next_code(folder)


def damaged(folder, name, damage, place):
    path = shutil.copytree(folder, place / "keys") / name
    path.parent.chmod(0o700)
    body = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes(DAMAGES.get(damage, body[: len(body) // 2]))
    return path.parent


@pytest.mark.parametrize(
    ("act", "damage"), [*((starts, damage) for damage in HOW), (rotates, "cut"), (asks, "cut"), (asks, "a folder")]
)
@pytest.mark.parametrize("name", ["trust.json", "code.json"])
def test_a_damaged_file_is_named_and_every_key_stays(act, name, damage, made, now, tmp_path):
    folder = damaged(made, name, damage, tmp_path)
    before = {path: path.read_bytes() for path in folder.glob("*.key")}
    for use in (act, *([lambda folder, _now: load_secrets(folder)] if name == "code.json" else [])):
        with pytest.raises(KeysUnusable, match=name):
            use(folder, now)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize(
    ("name", "damage"),
    [*(("next-root.json", damage) for damage in HOW), ("next-bundle.json", "cut"), ("next-code.json", "cut")],
)
def test_what_waits_to_be_signed_is_named_where_it_is_damaged(name, damage, waiting, now, tmp_path):
    folder = damaged(waiting, name, damage, tmp_path)
    with pytest.raises(KeysUnusable, match=name):
        asks(folder, now)


def test_no_key_is_removed_on_the_word_of_a_trust_file_that_nobody_signed(made, now, tmp_path):
    folder = tmp_path / "keys"
    shutil.copytree(made, folder)
    ours = SigningKey.load(folder / "bundle.key")
    keys, thief = make_keys(folder, now), SigningKey.make()
    signers = {**keys.trust.roles, Role.BUNDLE: signers_by(thief)}
    forged = key_rotation.Trust(lab=keys.trust.lab, version=2, expires=keys.trust.expires, roles=signers)
    before = (folder / TRUST_FILE).read_bytes()
    raw = json.loads(write_trust(forged, keys.roots, before))
    raw["chain"][1]["signatures"] = {keys.root.id: "0" * 128}
    (folder / TRUST_FILE).write_bytes(json.dumps(raw, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(KeysUnusable, match="false"):
        make_keys(folder, now)
    assert SigningKey.load(folder / "bundle.key").id == ours.id
