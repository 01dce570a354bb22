"""Files beside the keys that a full disk or a hand has damaged: each is named, and nothing is done on its word."""

import json
import shutil

import pytest

from axiom.errors import KeysUnusable
from axiom.signed import key_rotation, offline_keys
from axiom.signed.key_rotation import Rotation
from axiom.signed.keys import load_secrets, make_keys, make_secrets
from axiom.signed.signing import SigningKey
from axiom.signed.trust import TRUST_FILE, Role, write_trust

DAMAGES = {"empty": b"", "another's": b'{"format":"axiom-secret-1"}', "no text": b"\xff\x00" * 40}
HOW = ("cut", "a folder", *DAMAGES)


@pytest.fixture(scope="module")
def made(tmp_path_factory, now):
    """A folder with every file that a laboratory with its own keys ever has."""
    folder = tmp_path_factory.mktemp("made") / "keys"
    make_keys(folder, now)
    key_rotation.rotate(folder, Rotation(role="code"), now)
    return folder


@pytest.fixture(scope="module")
def waiting(tmp_path_factory):
    """A folder that waits for its first trust file, and for another code-signing key."""
    place = tmp_path_factory.mktemp("waiting")
    public = offline_keys.make_offline(place / "elsewhere", {Role.ROOT: (2, 2), Role.BUNDLE: (1, 1)})
    key_rotation.begin(place / "keys", public)
    key_rotation.change_code(place / "keys", public.code)
    return place / "keys"


def starts(folder, now):
    make_keys(folder, now)
    make_secrets(folder)


def rotates(folder, now):
    key_rotation.rotate(folder, Rotation(role="ticket"), now)


def asks(folder, now):
    key_rotation.proposal(folder, now)
    make_secrets(folder)
    key_rotation.next_code(folder)


def damaged(folder, name, damage, place):
    copy = place / "keys"
    shutil.copytree(folder, copy)
    copy.chmod(0o700)
    path = copy / name
    body = path.read_bytes()
    path.unlink()
    if damage == "a folder":
        path.mkdir()
    else:
        path.write_bytes(DAMAGES.get(damage, body[: len(body) // 2]))
    return copy


@pytest.mark.parametrize(
    ("act", "damage"), [*((starts, damage) for damage in HOW), (rotates, "cut"), (asks, "cut"), (asks, "a folder")]
)
@pytest.mark.parametrize("name", ["trust.json", "code.json"])
def test_a_damaged_file_is_named_and_every_key_stays(act, name, damage, made, now, tmp_path):
    folder = damaged(made, name, damage, tmp_path)
    before = {path.name: path.read_bytes() for path in folder.glob("*.key")}
    with pytest.raises(KeysUnusable, match=name):
        act(folder, now)
    after = {path.name: path.read_bytes() for path in folder.glob("*.key")}
    assert {path: after[path] for path in before} == before
    if name == "code.json":
        with pytest.raises(KeysUnusable, match=name):
            load_secrets(folder)


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
    signers = {**keys.trust.roles, Role.BUNDLE: key_rotation.Signers(threshold=1, keys={thief.id: thief.public})}
    forged = key_rotation.Trust(lab=keys.trust.lab, version=2, expires=keys.trust.expires, roles=signers)
    before = (folder / TRUST_FILE).read_bytes()
    raw = json.loads(write_trust(forged, keys.roots, before))
    raw["chain"][1]["signatures"] = {keys.root.id: "0" * 128}
    (folder / TRUST_FILE).write_bytes(json.dumps(raw, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(KeysUnusable, match="false"):
        make_keys(folder, now)
    assert SigningKey.load(folder / "bundle.key").id == ours.id
