"""What a taken-over server tries, in the ten classes in which The Update Framework orders attacks on deliveries.

Each function makes one attempt of its class, another one for every generator that it is given.
"""

import base64
import io
import json
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from takeover import HOST, Attempt, Scene, archive, signers

from axiom.limits import runner as runner_limits
from axiom.signed import bundles
from axiom.signed.bundles import seal_body, write_seal
from axiom.signed.canonical_json import canonical_bytes, parse_canonical
from axiom.signed.signing_key import SigningKey
from axiom.signed.tickets import TEXT_LIMIT
from axiom.signed.trust import Role, join_signatures, signatures_of, trust_body, write_trust

_SLIPPED_IN = (
    *("axiom/kit/progress.py", "axiom/kit/extra.py", "axiom/__init__.py", "axiom/catalogue/probe.py"),
    *("axiom/catalogue/other.py", "numpy.py", "sitecustomize.py", "jax/__init__.py", "evil.pth"),
    *("../evil.py", "/evil.py"),
)

Maker = Callable[[Scene, random.Random], Attempt]


def _attempt(kind: str, name: str, scene: Scene, label: str = "evil", **changes: object) -> Attempt:
    """Files and order of a bundle, with some of them exchanged."""
    usual = {"files": scene.files(label), "words": scene.words(scene.sealed[label].seal), "at": scene.now}
    return Attempt(kind=kind, name=name, **(usual | changes))  # type: ignore[arg-type]


def arbitrary_installation(scene: Scene, dice: random.Random) -> Attempt:
    """Code of the thief's own, sealed by whatever keys there are."""
    seal = scene.sealed["evil"].seal
    seal = replace(seal, serial=dice.randrange(1, 2**40))
    body = seal_body(seal)
    stolen = scene.sealed["genuine"].text.partition(".")[2]
    texts = {
        "no seal": "",
        "sealed by the ticket key": write_seal(seal, scene.tickets[1]),
        "sealed by keys of the thief's": write_seal(seal, *scene.thief[: dice.randrange(1, 4)]),
        "sealed by a withdrawn bundle key": write_seal(seal, scene.sealers[0]),
        "sealed by a root key": write_seal(seal, scene.roots[3]),
        "a seal that was cut off another": f"{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{stolen}",
        "no signature at all": join_signatures(body, {}),
        "the bundle key's name on another's signature": join_signatures(
            body, {scene.sealers[1].id: scene.thief[0].sign(body).hex()}
        ),
    }
    name = dice.choice(sorted(texts))
    files = scene.files("evil", bundle_seal=texts[name].encode())
    return _attempt("arbitrary installation", name, scene, files=files, words=scene.words(seal), is_new=_coin(dice))


def endless_data(scene: Scene, dice: random.Random) -> Attempt:
    """Files and words that do not end, or end far too late."""
    amount = dice.randrange(300_000, 2_000_000)
    sealed = scene.sealed["genuine"]
    words = scene.words(sealed.seal)
    changes = {
        "a bundle that goes on": scene.files("genuine", bundle_zip=sealed.archive + bytes(amount)),
        "a bundle beyond the limit": scene.files("genuine", bundle_zip=bytes(runner_limits.BUNDLE_BYTES + amount)),
        "a seal that goes on": scene.files("genuine", bundle_seal=sealed.text.encode() + b"A" * amount),
        "a trust file that goes on": scene.files("genuine", trust_json=scene.chain[-1] + b" " * amount),
        "a trust file without end of brackets": scene.files("genuine", trust_json=b'{"chain":' + b"[" * amount),
        "a bundle that unpacks to gigabytes": scene.files("genuine", bundle_zip=_bomb(amount)),
        "an order that goes on": scene.files("genuine"),
    }
    name = dice.choice(sorted(changes))
    if name == "an order that goes on":
        words = [*words[:-1], words[-1] + "A" * (TEXT_LIMIT + amount)]
    return _attempt("endless data", name, scene, files=changes[name], words=words, is_new=True)


def extraneous_dependencies(scene: Scene, dice: random.Random) -> Attempt:
    """Something more in the bundle than was sealed."""
    files = bundles.read_bundle_files(scene.sealed["genuine"].archive)
    evil = bundles.read_bundle_files(archive("probe", 2, "evil"))[bundles.experiment_path("probe")]
    name = dice.choice(_SLIPPED_IN)
    raw = bundles.pack_files(files | {name: evil})
    seal, keep_digest = scene.sealed["genuine"].seal, _coin(dice)
    ordered = seal if keep_digest else replace(seal, digest=bundles.digest_bundle(raw), size=len(raw))
    return _attempt(
        "extraneous dependencies",
        f"{name}, {'the sealed' if keep_digest else 'its own'} digest ordered",
        scene,
        files=scene.files("genuine", bundle_zip=raw),
        words=scene.words(ordered),
        is_new=True,
    )


def fast_forward(scene: Scene, dice: random.Random) -> Attempt:
    """Numbers so high that the laboratory's own would never count again."""
    far = dice.randrange(10, 2**62)
    genuine = scene.sealed["genuine"].seal
    kind = "fast-forward"
    if dice.random() < 0.4:  # the host keeps the trust file that it has, and so the laboratory's order still counts
        signing = dice.choice((scene.tickets[1:], scene.thief[:2], scene.roots[:1]))
        raw = write_trust(replace(scene.trust, version=5), signing, scene.chain[-1])
        files = scene.files("genuine", trust_json=raw.replace(b'"version":5', f'"version":{far}'.encode()))
        return _attempt(kind, "a trust file", scene, files=files, words=scene.words(genuine), harmless=True)
    if _coin(dice):
        words = scene.words(genuine, trust=far)
        return _attempt(kind, "an order under a later trust file", scene, "genuine", words=words)
    seal = replace(genuine, serial=far)
    text = write_seal(seal, dice.choice((scene.tickets[1], scene.sealers[0], *scene.thief)))
    sealed = {"a serial in the order": scene.sealed["genuine"].text, "a serial in order and seal": text}
    name = dice.choice(sorted(sealed))
    files = scene.files("genuine", bundle_seal=sealed[name].encode())
    return _attempt(kind, name, scene, files=files, words=scene.words(seal), is_new=True)


def indefinite_freeze(scene: Scene, dice: random.Random) -> Attempt:
    """What was good once is served for ever."""
    days = dice.randrange(0, 3_000)
    genuine, kind = scene.sealed["genuine"].seal, "indefinite freeze"
    words = scene.words(genuine)
    if _coin(dice):
        at = scene.now + timedelta(days=3 + days)
        return _attempt(kind, f"an order {days} days after it ran out", scene, "genuine", at=at, is_new=_coin(dice))
    far = scene.now + timedelta(days=5_000)
    if _coin(dice):
        at, words = scene.now + timedelta(days=90 + days), scene.words(genuine, expires=far)
        return _attempt(kind, f"everything {days} days after the seal", scene, "genuine", at=at, words=words)
    if _coin(dice):
        files = scene.files("expired")
        return _attempt(kind, "a seal that ran out", scene, files=files, words=words, is_new=True)
    files = scene.files("genuine", trust_json=scene.chain[dice.randrange(3)])
    return _attempt(kind, "an old trust file for a new host", scene, files=files, words=words, is_new=True)


def malicious_mirror(scene: Scene, dice: random.Random) -> Attempt:
    """The files are cut, empty, exchanged, missing or noise."""
    files = scene.files("genuine")
    name = dice.choice(sorted(files))
    body = files[name]
    how = dice.choice(("cut", "empty", "noise", "exchanged", "missing", "turned round", "doubled"))
    damaged = {
        "cut": body[: dice.randrange(1, len(body))],
        "empty": b"",
        "noise": dice.randbytes(dice.randrange(1, 5_000)),
        "exchanged": files[dice.choice([other for other in sorted(files) if other != name])],
        "missing": b"",
        "turned round": body[::-1],
        "doubled": body * 2,
    }[how]
    files[name] = damaged
    if how == "missing":
        del files[name]
    words = scene.words(scene.sealed["genuine"].seal)
    return _attempt("malicious mirror", f"{name} {how}", scene, files=files, words=words, is_new=True)


def mix_and_match(scene: Scene, dice: random.Random) -> Attempt:
    """Genuine parts that never belonged together."""
    sealed, kind = scene.sealed, "mix-and-match"
    genuine, other = sealed["genuine"], sealed["other"]
    words = scene.words(genuine.seal)
    foreign = replace(scene.trust, lab="ab" * 32, version=1)
    foreign = replace(foreign, roles={**foreign.roles, Role.ROOT: signers(1, scene.thief[0])})
    ways: dict[str, tuple[dict[str, bytes], list[str]]] = {
        "the seal of another bundle": (scene.files("genuine", bundle_seal=other.text.encode()), words),
        "the archive of another bundle": (scene.files("genuine", bundle_zip=other.archive), words),
        "another bundle, ordered as this one": (scene.files("other"), words),
        "this bundle, ordered as another": (scene.files("genuine"), scene.words(other.seal)),
        "an order of one experiment with the digest of another": (
            scene.files("other"),
            scene.words(replace(genuine.seal, digest=other.seal.digest)),
        ),
        "an order of another version": (scene.files("genuine"), scene.words(replace(genuine.seal, version=9))),
        "the trust file of a laboratory of the thief's": (
            scene.files("evil", trust_json=write_trust(foreign, scene.thief[:1])),
            scene.words(sealed["evil"].seal, lab=foreign.lab),
        ),
        "an order for another laboratory": (scene.files("genuine"), scene.words(genuine.seal, lab="cd" * 32)),
        "versions of the trust file in another order": (
            scene.files("genuine", trust_json=_shuffled(scene, dice)),
            words,
        ),
        "a ticket in the place of the seal": (scene.files("genuine", bundle_seal=words[-1].encode()), words),
        "a seal in the place of the ticket": (scene.files("genuine"), [*words[:-1], genuine.text]),
    }
    name = dice.choice(sorted(ways))
    files, words = ways[name]
    return _attempt(kind, name, scene, files=files, words=words, is_new=True)


def rollback(scene: Scene, dice: random.Random) -> Attempt:
    """What was replaced, and was the laboratory's own."""
    sealed, kind = scene.sealed, "rollback"
    version = dice.randrange(3)
    ways: dict[str, Attempt] = {
        "the bundle before, well sealed": _attempt(kind, "", scene, "old"),
        "the bundle before under the seal of today": _attempt(
            kind, "", scene, files=scene.files("old", bundle_seal=sealed["genuine"].text.encode()),
            words=scene.words(sealed["genuine"].seal), is_new=True
        ),
        "the bundle before, with today's serial in the order": _attempt(
            kind, "", scene, "old", words=scene.words(replace(sealed["old"].seal, serial=3))
        ),
        f"trust file {version + 1} and the bundle before": _attempt(
            kind, "", scene, files=scene.files("old", trust_json=scene.chain[version])
        , words=scene.words(sealed["old"].seal, trust=version + 1)),
        "a bundle of the withdrawn key": _attempt(kind, "", scene, "withdrawn", is_new=_coin(dice)),
        f"trust file {version + 1} and a bundle of the withdrawn key": _attempt(
            kind, "", scene, files=scene.files("withdrawn", trust_json=scene.chain[version]),
            words=scene.words(sealed["withdrawn"].seal, trust=version + 1)
        ),
        "an order of the withdrawn ticket key": _attempt(
            kind, "", scene, "genuine", words=scene.words(sealed["genuine"].seal, scene.tickets[0])
        ),
    }  # fmt: skip
    name = dice.choice(sorted(ways))
    return replace(ways[name], name=name)


def key_compromise(scene: Scene, dice: random.Random) -> Attempt:
    """The thief signs what no stolen key may sign, alone or with a root key or two of before."""
    kind, evil = "key compromise", scene.sealed["evil"]
    mine = scene.thief[0]
    sealed = write_seal(replace(evil.seal, serial=9), mine).encode()
    takeover = replace(
        scene.trust,
        version=5,
        roles={
            Role.ROOT: signers(1, scene.thief[1]),
            Role.BUNDLE: signers(1, mine),
            Role.TICKET: signers(1, scene.tickets[1]),
        },
    )
    groups = {
        "all online keys": (scene.tickets[1], scene.tickets[0]),
        "one root key": (scene.roots[dice.randrange(1, 4)],),
        "one root key and all online keys": (scene.roots[2], *scene.tickets),
        "the withdrawn bundle key": (scene.sealers[0],),
        "the bundle key of today": (scene.sealers[1],),
        "a root key of today and a lost one": (scene.roots[0], scene.roots[1]),
    }
    name = dice.choice(sorted(groups))
    signing = (*groups[name], scene.thief[1]) if _coin(dice) else groups[name]
    before = scene.chain[-1]
    if name == "a root key of today and a lost one":  # enough for the versions before the third: a fork from there
        takeover, before = replace(takeover, version=3), scene.chain[1]
    files = scene.files("evil", bundle_seal=sealed, trust_json=_forged(takeover, signing, before))
    words = scene.words(replace(evil.seal, serial=9), trust=takeover.version)
    return _attempt(kind, name, scene, files=files, words=words)


def wrong_file(scene: Scene, dice: random.Random) -> Attempt:
    """The order says one thing, and what comes with it another."""
    kind, genuine = "wrong file", scene.sealed["genuine"]
    words = scene.words(genuine.seal)
    plain = {"--task": 1, "--host": 3, "--bundle": 5, "--seeds": 7, "--ticket": 9}
    evil = archive("probe", 2, "evil")
    name = dice.choice(("word", "lost word", "doubled word", "same size", "another host", "unsigned"))
    files = scene.files("genuine")
    if name == "word":
        place = dice.choice([1, 3, 5, 7])
        words[place] = str(dice.randrange(2**60))
    elif name == "lost word":
        del words[dice.choice(sorted(plain.values()))]
    elif name == "doubled word":
        words += words[:2]
    elif name == "same size":
        padded = evil[: len(genuine.archive)]
        files["bundle.zip"] = padded + bytes(len(genuine.archive) - len(padded))
    elif name == "another host":
        words = scene.words(genuine.seal, host=HOST + dice.randrange(1, 1000))
    else:
        head = words[-1].partition(".")[0]
        words[-1] = f"{head}.{base64.urlsafe_b64encode(canonical_bytes({})).decode().rstrip('=')}"
    return _attempt(kind, name, scene, files=files, words=words, is_new=True)


CLASSES: Sequence[Maker] = (
    arbitrary_installation,
    endless_data,
    extraneous_dependencies,
    fast_forward,
    indefinite_freeze,
    malicious_mirror,
    mix_and_match,
    rollback,
    key_compromise,
    wrong_file,
)


def flipped(scene: Scene, dice: random.Random) -> Attempt:
    """A genuine delivery in which one bit is another: of bundle, seal, trust file or ticket."""
    genuine = scene.genuine()
    what = dice.choice(("bundle.zip", "bundle.seal", "trust.json", "ticket"))
    body = bytearray(genuine.words[-1].encode() if what == "ticket" else genuine.files[what])
    place, bit = dice.randrange(len(body)), dice.randrange(8)
    body[place] ^= 1 << bit
    name = f"{what}, bit {bit} of byte {place}"
    if what == "ticket":
        words = [*genuine.words[:-1], body.decode("latin-1")]
        return replace(genuine, kind="bit flip", name=name, words=words, harmless=False)
    return replace(genuine, kind="bit flip", name=name, files={**genuine.files, what: bytes(body)}, harmless=False)


def _coin(dice: random.Random) -> bool:
    return dice.random() < 0.5


def _bomb(amount: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(4):
            packed.writestr(f"axiom/kit/a{number}.py", bytes(amount))
    return buffer.getvalue()


def _shuffled(scene: Scene, dice: random.Random) -> bytes:
    links = parse_canonical(scene.chain[-1], limit=10**6)["chain"]
    while True:
        some = dice.sample(links, dice.randrange(1, 5))
        if some != links[: len(some)]:
            return canonical_bytes({"chain": some})


def _forged(takeover: object, signing: Sequence[SigningKey], before: bytes) -> bytes:
    """A trust file with a further version, signed by whomever there is."""
    body = trust_body(takeover, before)  # type: ignore[arg-type]
    link = {"signatures": signatures_of(body, signing), "trust": json.loads(body)}
    return canonical_bytes({"chain": [*parse_canonical(before, limit=10**6)["chain"], link]})
