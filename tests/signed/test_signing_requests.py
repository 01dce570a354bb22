"""A request is carried to the keys and back; on the way anybody may have changed it."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from axiom.errors import AxiomError, BundleForeign, KeysUnusable
from axiom.signed import bundles
from axiom.signed.bundles import Seal
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.offline_keys import PUBLIC_FILE, load_held, make_offline, read_public
from axiom.signed.signing_key import SigningKey
from axiom.signed.signing_requests import (
    SigningRequest,
    WantedProgram,
    WantedSeal,
    add_signatures,
    read_request,
    write_request,
)
from axiom.signed.trust import (
    Role,
    Signers,
    Trust,
    Untrusted,
    lab_name,
    read_trust,
    signers_by,
    trust_body,
    write_trust,
)

NOW = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
TICKET = SigningKey.make()
PROGRAM = WantedProgram(name="axiom_runner_1", md5="ab" * 16, sha256="cd" * 32, size=5)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A stick with keys, of which nothing is changed."""
    place = tmp_path_factory.mktemp("keys") / "stick"
    make_offline(place)
    return place


@pytest.fixture(scope="module")
def public(place):
    return read_public(place / PUBLIC_FILE)


@pytest.fixture
def request_(public) -> SigningRequest:
    """The first trust file, a bundle and a program of a laboratory whose keys are elsewhere."""
    body = trust_body(trusting(public.root, public.bundle))
    return SigningRequest(before=b"", trust=body, code=public.code, seals=(wanted(),), programs=(PROGRAM,))


def trusting(root: Signers, bundle: Signers) -> Trust:
    roles = {Role.ROOT: root, Role.BUNDLE: bundle, Role.TICKET: signers_by(TICKET)}
    return Trust(lab=lab_name(root), version=1, expires=NOW + timedelta(days=365), roles=roles)


def together(*roles: Signers) -> Signers:
    """Both must sign, as in a laboratory that was made when several could be asked for."""
    return Signers(threshold=len(roles), keys={name: key for role in roles for name, key in role.keys.items()})


def wanted() -> WantedSeal:
    manifest = {"aliases": [], "cell_seconds": [1.0], "configs": [{"size": 1}]}  # which says too little
    raw = bundles.pack_files({bundles.MANIFEST: canonical_bytes(manifest)})
    facts = {"experiment": "probe", "version": 1, "serial": 1, "digest": bundles.digest_bundle(raw), "size": len(raw)}
    return WantedSeal(body=bundles.seal_body(Seal(**facts, issued=NOW, expires=NOW + timedelta(days=90))), archive=raw)


def test_holders_sign_one_after_the_other_only_programs_that_were_looked_at(request_, place, public, tmp_path):
    assert read_request(write_request(request_)) == request_
    request, held = replace(request_, seals=()), load_held(place)
    others = make_offline(tmp_path / "others")
    second = replace(load_held(tmp_path / "others"), code=None)
    assert add_signatures(request, second, seen=(PROGRAM.md5,), now=NOW) == request
    both = trusting(together(public.root, others.root), together(public.bundle, others.bundle))
    request = replace(request, trust=trust_body(both))
    request = read_request(write_request(add_signatures(request, replace(held, code=None), seen=(), now=NOW)))
    with pytest.raises(Untrusted, match="1 of the 2"):
        request.trust_file(NOW)
    request = add_signatures(request, second, seen=(), now=NOW)
    raw = request.trust_file(NOW)
    assert read_trust(raw, now=NOW).version == 1
    with pytest.raises(KeysUnusable, match="version 1"):
        read_request(write_request(replace(request_, before=raw)))
    with pytest.raises(BundleForeign, match="0 of the 1"):
        request_.seal_text(request_.seals[0], request_.proposed, NOW)
    assert request_.signatures(request_.seals[0].body) == {}
    request, held = replace(request_, seals=()), load_held(place)
    alone = replace(held, signing=())
    for keys, seen, amount in ((alone, (), 0), (alone, (PROGRAM.md5,), 1), (held, (PROGRAM.md5,), 2)):
        signed = add_signatures(request, keys, seen=seen, now=NOW).programs_signed
        assert (len(signed), PROGRAM.md5 in signed) == (amount, bool(seen))
    (seal,) = request_.seals
    for wrong in (replace(seal, archive=seal.archive + b"x"), seal):
        with pytest.raises(AxiomError):
            add_signatures(replace(request_, seals=(wrong,)), load_held(place), seen=(), now=NOW)


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda data: data.update(format="axiom-request-9"), "format"),
        (lambda data: data.pop("code"), "'code'"),
        (lambda data: data.update(trust="{}"), "lacks"),
        (lambda data: data.update(before="{}"), "'chain'"),
        (lambda data: data["programs"][0].update(name="../runner"), "name"),
        (lambda data: data["programs"][0].update(md5="AB"), "md5"),
        (lambda data: data["seals"][0].update(archive="*"), "damaged"),
        (lambda data: data["seals"][0].update(seal="{}"), "damaged"),
        (lambda data: data.update(signed={"a": 5}), "signed"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(change, fact, request_):
    data = json.loads(write_request(request_))
    change(data)
    with pytest.raises(KeysUnusable, match=fact):
        read_request(canonical_bytes(data))


def test_a_version_is_signed_only_beside_the_one_that_it_goes_on_from(request_, place):
    """Without it, or with another, nobody is shown what changes; and what was signed would be in force all the same."""
    held = load_held(place)
    first = add_signatures(replace(request_, seals=(), programs=()), held, seen=(), now=NOW).trust_file(NOW)
    taken = replace(read_trust(first, now=NOW), version=2, expires=NOW + timedelta(days=400))
    body = trust_body(taken, first)
    assert read_request(write_request(replace(request_, before=first, trust=body))).proposed == taken
    with pytest.raises(KeysUnusable, match=r"version 2 of .* none"):
        read_request(write_request(replace(request_, trust=body)))
    for other in (b"", body.replace(b'"version":2', b'"version":1')):
        before = canonical_bytes({**json.loads(body), "before": hashlib.sha256(other).hexdigest() if other else ""})
        with pytest.raises(KeysUnusable, match="another one"):
            read_request(write_request(replace(request_, before=first, trust=before)))


def test_the_code_key_signs_a_trust_file_only_of_root_keys_that_are_known(tmp_path, public, place, request_):
    theirs = make_offline(tmp_path / "theirs")
    both = Signers(threshold=1, keys={**theirs.root.keys, **public.root.keys})  # it names all our keys
    chain = write_trust(trusting(both, theirs.bundle), load_held(tmp_path / "theirs").signing[:1])
    request = SigningRequest(before=chain, code=public.code)
    alone = replace(load_held(place), signing=(), roots=frozenset())
    for held in (load_held(place), replace(load_held(place), signing=()), alone):
        for lab in ("", request.current.lab[:12]):
            with pytest.raises(KeysUnusable, match=request.current.lab):
                add_signatures(request, held, seen=(), now=NOW, lab=lab)
    assert len(add_signatures(request, alone, seen=(), now=NOW, lab=request.current.lab).programs_signed) == 1
    held = load_held(place)
    request = SigningRequest(
        before=add_signatures(replace(request_, seals=()), held, seen=(), now=NOW).trust_file(NOW), code=request_.code
    )
    alone = replace(held, signing=())
    assert len(add_signatures(request, alone, seen=(), now=NOW).programs_signed) == 1
    with pytest.raises(KeysUnusable, match=request.current.lab):
        add_signatures(request, replace(alone, roots=frozenset()), seen=(), now=NOW)
    for key in place.glob("*.key"):  # what leaves the place of the keys holds no private one
        private = json.loads(text)["private"] if (text := key.read_text()).startswith("{") else text.split("\n")[10]
        assert private.encode() not in (place / PUBLIC_FILE).read_bytes()
