import hashlib
import io
import json
import re
import stat
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import axiom
from axiom import shipped
from axiom.errors import BundleAltered, BundleExpired, BundleForeign, ExperimentError
from axiom.limits import runner as runner_limits
from axiom.signed import bundles
from axiom.signed.bundles import (
    Seal,
    collect_sources,
    digest_bundle,
    open_bundle,
    pack_files,
    read_bundle_files,
    read_seal,
    write_seal,
)
from axiom.signed.canonical_json import canonical_bytes
from axiom.signed.signing_key import SigningKey
from axiom.signed.trust import Role, Signers
from axiom.signed.trust import seal_payload as sealed_text

MANIFEST = canonical_bytes(
    json.loads(
        """{
        "aliases": [], "avx": false, "cell_seconds": [1.0], "configs": [{"x": 1}], "controls": [], "disk_mb": 100,
        "estimands": [], "factors": {"x": "int"}, "figure": null, "format": "axiom-manifest-1", "gpu": false,
        "gpu_memory_mb": 0, "measures": [["y", "float", false]], "memory_mb": 100, "name": "probe", "question": "?",
        "ranges": {}, "reference": "", "tolerance": 0.001, "version": 1}"""
    )
)
FILES = {
    "axiom/__init__.py": b"",
    "axiom/domain/experiments.py": b"x = 1\n",
    "axiom/catalogue/probe.py": b"y = 2\n",
    "manifest.json": MANIFEST,
}


def sealed(raw: bytes, now, **changes) -> Seal:
    times = {"issued": now, "expires": now + timedelta(days=90)}
    said = {"experiment": "probe", "version": 1, "serial": 1, "digest": digest_bundle(raw), "size": len(raw), **times}
    return Seal(**said | changes)


def test_a_bundle_is_opened_as_it_was_packed_and_refused_unread_if_too_large(now):
    raw = pack_files(FILES)
    assert open_bundle(raw, sealed(raw, now)) == FILES == read_bundle_files(raw)
    assert raw == pack_files(dict(reversed(FILES.items())))
    assert digest_bundle(pack_files({"a": b"1"})) == "ff7bcfadea03f673a7f7d3cc9bbda7475b29016681fc9fd85b548e9bc3a16974"
    raw = archive(("manifest.json", b"0" * (runner_limits.BUNDLE_BYTES + 1)), compression=zipfile.ZIP_DEFLATED)
    assert len(raw) < 100_000
    with pytest.raises(BundleAltered, match=str(runner_limits.BUNDLE_BYTES)):
        open_bundle(raw, sealed(raw, now))


def test_a_bundle_carries_the_words_the_kit_and_one_experiment_with_its_digits(tmp_path, now):
    package, name = Path(axiom.__file__).parent, "axiom/kit/digits.bin"
    (file := tmp_path / "reader.py").write_text("from axiom.kit import digits\n")
    digits = collect_sources(package, file)[name]
    assert digits == (package / "kit" / "digits.bin").read_bytes()
    assert name not in collect_sources(package, shipped.catalogue_folder() / "test_deploy.py")
    raw = pack_files(FILES | {name: digits})
    assert open_bundle(raw, sealed(raw, now))[name] == digits
    (file := tmp_path / "probe.py").write_text("x = 1\n")
    files = collect_sources(package, file)
    names = set(files)
    assert {"axiom/__init__.py", "axiom/domain/experiments.py", "axiom/domain/declaration.py"} < names
    imported = {
        f"{module.replace('.', '/')}.py"
        for body in (files[name] for name in names if name.endswith(".py"))
        for module in re.findall(r"^from (axiom\.\w+\.\w+) import", body.decode(), re.MULTILINE)
    }
    assert imported <= names, "what a bundle imports of the program travels with it"
    own = [name for name in names if name.startswith("axiom/catalogue/") and "__init__" not in name]
    assert own == ["axiom/catalogue/probe.py"]
    assert {name.split("/")[1] for name in names} <= {"__init__.py", "domain", "kit", "catalogue"}
    with pytest.raises(ExperimentError, match="missing"):
        collect_sources(package, tmp_path / "missing.py")
    (tmp_path / "unreadable.py").symlink_to("/proc/self/mem" if sys.platform == "linux" else tmp_path)
    with pytest.raises(ExperimentError, match=r"unreadable\.py"):
        collect_sources(package, tmp_path / "unreadable.py")


def archive(*entries: tuple[zipfile.ZipInfo | str, bytes], comment: bytes = b"", **options) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as made:
        for name, body in entries:
            made.writestr(name, body)
        made.comment = comment
    return buffer.getvalue()


def damaged(compression: int) -> bytes:
    """An archive whose first file cannot be decompressed."""
    raw = bytearray(archive(("manifest.json", hashlib.sha512(b"").hexdigest().encode() * 2), compression=compression))
    start = 30 + len("manifest.json")
    raw[start + 9 : start + 19] = b"\xff" * 10
    return bytes(raw)


def link() -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo("axiom/kit/models.py", (1980, 1, 1, 0, 0, 0))
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


FOREIGN_NAMES = (
    *("../outside.py", "/etc/passwd", "axiom/domain/../../evil.py", "axiom\\domain\\x.py", "numpy.py"),
    *("axiom/catalogue/other.py", "axiom/kit/data.bin", "axiom/kit/__pycache__/chance.cpython-311.pyc"),
)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("make", "fact"),
    [
        (lambda: b"not a zip at all", "not an archive"),
        (lambda: archive(*FILES.items()), "another form"),
        (lambda: pack_files(FILES) + b"hidden", "another form|not an archive"),
        (lambda: archive(*FILES.items(), comment=b"hidden"), "another form"),
        (lambda: archive(*FILES.items(), (link(), b"/etc/passwd")), "another form"),
        (lambda: damaged(zipfile.ZIP_DEFLATED), "another form"),
        (lambda: archive(("é.py", b"")).replace("é".encode(), b"\xff\xff"), "not an archive"),
        (lambda: pack_files(FILES).replace(b"y = 2", b"y = 3"), "not an archive"),
        (lambda: archive(*FILES.items(), ("manifest.json", b"")), "two files"),
        (lambda: pack_files(FILES | {"manifest.json": b"{}"}), "manifest"),
        (lambda: pack_files(FILES | {"manifest.json": MANIFEST.replace(b'"version":1', b'"version":2')}), "probe@2"),
        (
            lambda: pack_files({name: body for name, body in FILES.items() if name != "manifest.json"}),
            "without manifest",
        ),
        (lambda: pack_files({name: body for name, body in FILES.items() if "probe" not in name}), "without axiom/cat"),
        *((lambda name=name: pack_files(FILES | {name: b""}), "unexpected") for name in FOREIGN_NAMES),
    ],
)
def test_an_archive_of_another_form_is_refused_even_when_sealed(make, fact, now):
    raw = make()
    with pytest.raises(BundleAltered, match=fact):
        open_bundle(raw, sealed(raw, now))


def test_a_seal_is_read_as_written_and_as_strictly_where_it_is_asked_for(keys, strangers, now):
    made = sealed(b"x", now)
    text = write_seal(made, keys.bundle)
    assert read_seal(text, trust=keys.trust, now=now) == made
    assert read_seal(text, trust=keys.trust, now=made.expires - timedelta(seconds=1)) == made
    with pytest.raises(BundleExpired):
        read_seal(text, trust=keys.trust, now=made.expires)
    for key in (keys.ticket, keys.root, strangers.bundle):
        with pytest.raises(BundleForeign):
            read_seal(write_seal(made, key), trust=keys.trust, now=now)
    misspelt = sealed_text(canonical_bytes({"kind": "axiom-bundle-1", "serials": 1}), [keys.bundle])
    with pytest.raises(BundleAltered, match="serials"):
        read_seal(misspelt, trust=keys.trust, now=now)
    second = SigningKey.make()
    both = Signers(threshold=2, keys={key.id: key.public for key in (keys.bundle, second)})
    trust = replace(keys.trust, roles={**keys.trust.roles, Role.BUNDLE: both})
    assert read_seal(write_seal(made, keys.bundle, second), trust=trust, now=now) == made
    for some in ((keys.bundle,), (second,), (keys.bundle, keys.bundle)):
        with pytest.raises(BundleForeign, match="1 of the 2"):
            read_seal(write_seal(made, *some), trust=trust, now=now)
    made = sealed(b"x", now)
    body = bundles.seal_body(made)
    assert bundles.read_seal_body(body) == made
    other, misspelt = body.replace(b"axiom-bundle-1", b"axiom-ticket-1"), body.replace(b'"serial"', b'"serials"')
    for damaged_body in (body[:-1], other, misspelt):
        with pytest.raises(ValueError, match=r"axiom-bundle-1|serials|JSON"):
            bundles.read_seal_body(damaged_body)
