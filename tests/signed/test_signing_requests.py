"""A request is carried to the keys and back; on the way anybody may have changed it."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.errors import AxiomError, BundleForeign, KeysUnusable
from axiom.signed import bundles
from axiom.signed.bundles import Seal
from axiom.signed.canonical_json import canonical
from axiom.signed.offline_keys import PUBLIC_FILE, load_held, make_offline, read_public
from axiom.signed.signing import SigningKey
from axiom.signed.signing_requests import SigningRequest, WantedProgram, WantedSeal, read_request, sign, write_request
from axiom.signed.trust import Role, Signers, Trust, Untrusted, lab_name, read_trust, trust_body, write_trust

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TICKET = SigningKey.make()
WANTED = {Role.ROOT: (3, 2), Role.BUNDLE: (2, 2)}
PROGRAM = WantedProgram(name="axiom_runner_1", md5="ab" * 16, sha256="cd" * 32, size=5)


@pytest.fixture
def place(tmp_path):
    return tmp_path / "stick"


@pytest.fixture
def public(place):
    return make_offline(place, WANTED)


@pytest.fixture
def request_(public) -> SigningRequest:
    """The first trust file, a bundle and a program of a laboratory whose keys are elsewhere."""
    roles = {Role.ROOT: public.root, Role.BUNDLE: public.bundle}
    roles[Role.TICKET] = Signers(threshold=1, keys={TICKET.id: TICKET.public})
    trust = Trust(lab=lab_name(public.root), version=1, expires=NOW + timedelta(days=365), roles=roles)
    return SigningRequest(before=b"", trust=trust_body(trust), code=public.code, seals=(wanted(),), programs=(PROGRAM,))


def wanted() -> WantedSeal:
    manifest = {
        "aliases": [],
        "cell_seconds": [1.0],
        "configs": [{"size": 1}],
    }
    raw = bundles.pack({bundles.MANIFEST: canonical(manifest)})
    seal = Seal(
        experiment="probe",
        version=1,
        serial=1,
        digest=bundles.digest(raw),
        size=len(raw),
        issued=NOW,
        expires=NOW + timedelta(days=90),
    )
    return WantedSeal(body=bundles.seal_body(seal), archive=raw)


def test_a_request_is_read_as_it_was_written(request_):
    assert read_request(write_request(request_)) == request_


def test_holders_sign_one_after_the_other_until_it_is_enough(request_, place):
    request = replace(request_, seals=())
    held = load_held(place)
    first = replace(held, signing=held.signing[:1], code=None)
    second = replace(held, signing=held.signing[1:2], code=None)
    request = read_request(write_request(sign(request, first, seen=(), now=NOW)))
    with pytest.raises(Untrusted, match="1 of the 2 root signatures"):
        request.trust_file(NOW)
    request = sign(request, second, seen=(), now=NOW)
    assert read_trust(request.trust_file(NOW), now=NOW).version == 1


def test_the_code_key_signs_only_programs_that_were_looked_at_and_the_whole_trust_file(request_, place):
    request = replace(request_, seals=())
    held = load_held(place)
    alone = sign(request, replace(held, signing=()), seen=(), now=NOW)
    assert alone.programs_signed == {}
    assert set(sign(request, replace(held, signing=()), seen=(PROGRAM.md5,), now=NOW).programs_signed) == {PROGRAM.md5}
    assert len(sign(request, held, seen=(PROGRAM.md5,), now=NOW).programs_signed) == 2


def test_keys_of_nobody_here_sign_nothing(request_, tmp_path):
    make_offline(tmp_path / "others", WANTED)
    request = replace(request_, seals=())
    assert sign(request, load_held(tmp_path / "others"), seen=(PROGRAM.md5,), now=NOW) == request


def test_a_bundle_that_is_not_what_its_seal_says_is_not_signed(request_, place):
    one = request_.seals[0]
    for seal in (replace(one, archive=one.archive + b"x"), one):  # and one whose manifest says too little
        with pytest.raises(AxiomError):
            sign(replace(request_, seals=(seal,)), load_held(place), seen=(), now=NOW)


def test_a_seal_without_enough_signatures_is_none(request_):
    with pytest.raises(BundleForeign, match="0 of the 2 bundle signatures"):
        request_.seal_text(request_.seals[0], request_.proposed, NOW)
    body = request_.seals[0].body
    assert request_.signatures(body) == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data.update(format="axiom-request-9"), "format"),
        (lambda data: data.pop("code"), "lacks the field"),
        (lambda data: data.update(trust="{}"), "lacks the field"),
        (lambda data: data.update(before="{}"), "lacks the field"),
        (lambda data: data["programs"][0].update(name="../runner"), "has not the form"),
        (lambda data: data["programs"][0].update(md5="AB"), "has not the form"),
        (lambda data: data["seals"][0].update(archive="*"), "damaged"),
        (lambda data: data["seals"][0].update(seal="{}"), "damaged"),
        (lambda data: data.update(signed={"a": 5}), "not an object"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(change, words, request_):
    data = json.loads(write_request(request_))
    change(data)
    with pytest.raises(KeysUnusable, match=words):
        read_request(canonical(data))


def test_a_version_that_does_not_follow_is_refused(request_, place):
    raw = sign(replace(request_, seals=()), load_held(place), seen=(), now=NOW).trust_file(NOW)
    with pytest.raises(KeysUnusable, match="proposes version 1"):
        read_request(write_request(replace(request_, before=raw)))


def test_a_version_is_signed_only_beside_the_one_that_it_goes_on_from(request_, place):
    """Without it, or with another, nobody is shown what changes; and what was signed would be in force all the same."""
    held = load_held(place)
    first = sign(replace(request_, seals=(), programs=()), held, seen=(), now=NOW).trust_file(NOW)
    taken = replace(read_trust(first, now=NOW), version=2, expires=NOW + timedelta(days=400))
    body = trust_body(taken, first)
    assert read_request(write_request(replace(request_, before=first, trust=body))).proposed == taken
    with pytest.raises(KeysUnusable, match=r"version 2 of .* after none at all"):
        read_request(write_request(replace(request_, trust=body)))
    for other in (b"", body.replace(b'"version":2', b'"version":1')):
        before = canonical({**json.loads(body), "before": hashlib.sha256(other).hexdigest() if other else ""})
        with pytest.raises(KeysUnusable, match="after another one than it carries"):
            read_request(write_request(replace(request_, before=first, trust=before)))


def test_what_leaves_the_place_of_the_keys_holds_no_private_one(public, place):
    raw = (place / PUBLIC_FILE).read_bytes()
    assert read_public(place / PUBLIC_FILE) == public
    for key in place.glob("*.key"):
        text = key.read_text()
        private = json.loads(text)["private"] if text.startswith("{") else text.split("\n")[10]
        assert private.encode() not in raw


@pytest.fixture
def strangers_request(tmp_path, public) -> SigningRequest:
    """A stranger's own laboratory, whose trust file names all our keys, and nothing that would be looked at."""
    theirs = make_offline(tmp_path / "theirs", {Role.ROOT: (1, 1), Role.BUNDLE: (1, 1)})
    both = Signers(threshold=1, keys={**theirs.root.keys, **public.root.keys})
    roles = {Role.ROOT: both, Role.BUNDLE: theirs.bundle}
    roles[Role.TICKET] = Signers(threshold=1, keys={TICKET.id: TICKET.public})
    trust = Trust(lab=lab_name(both), version=1, expires=NOW + timedelta(days=365), roles=roles)
    chain = write_trust(trust, load_held(tmp_path / "theirs").signing[:1])
    return SigningRequest(before=chain, code=public.code)


def test_the_code_key_signs_no_stranger_s_trust_file(strangers_request, place):
    alone = replace(load_held(place), signing=())
    for held in (load_held(place), alone, replace(alone, roots=frozenset())):
        with pytest.raises(KeysUnusable, match="it may be a stranger's"):
            sign(strangers_request, held, seen=(), now=NOW)
        with pytest.raises(KeysUnusable, match="it may be a stranger's"):
            sign(strangers_request, held, seen=(), now=NOW, lab=strangers_request.current.lab[:12])


def test_the_trust_file_of_a_laboratory_that_is_named_is_signed(strangers_request, place):
    named = strangers_request.current.lab
    alone = replace(load_held(place), signing=(), roots=frozenset())
    assert len(sign(strangers_request, alone, seen=(), now=NOW, lab=named).programs_signed) == 1


def test_the_code_key_alone_signs_the_trust_file_of_root_keys_that_are_known_beside_it(request_, place):
    held = load_held(place)
    raw = sign(replace(request_, seals=()), held, seen=(), now=NOW).trust_file(NOW)
    alone = replace(held, signing=())
    assert len(sign(SigningRequest(before=raw, code=request_.code), alone, seen=(), now=NOW).programs_signed) == 1
    with pytest.raises(KeysUnusable, match="it may be a stranger's"):
        sign(SigningRequest(before=raw, code=request_.code), replace(alone, roots=frozenset()), seen=(), now=NOW)
