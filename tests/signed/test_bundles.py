import hashlib
import io
import stat
import sys
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import axiom
from axiom.errors import BundleAltered, BundleExpired, BundleForeign, ExperimentError
from axiom.signed import bundles
from axiom.signed.bundles import Seal, collect, contents, digest, open_bundle, pack, read_seal, write_seal
from axiom.signed.canonical_json import canonical
from axiom.signed.signing import SigningKey
from axiom.signed.trust import Role, Signers
from axiom.signed.trust import sealed as sealed_text

MANIFEST = canonical(
    {
        "aliases": [],
        "avx": False,
        "cell_seconds": [1.0],
        "configs": [{"x": 1}],
        "controls": [],
        "disk_mb": 100,
        "estimands": [],
        "factors": {"x": "int"},
        "figure": None,
        "format": "axiom-manifest-1",
        "gpu": False,
        "gpu_memory_mb": 0,
        "measures": [["y", "float", False]],
        "memory_mb": 100,
        "name": "probe",
        "question": "?",
        "ranges": {},
        "reference": "",
        "tolerance": 0.001,
        "version": 1,
    }
)
FILES = {
    "axiom/__init__.py": b"",
    "axiom/domain/experiments.py": b"x = 1\n",
    "axiom/catalogue/probe.py": b"y = 2\n",
    "manifest.json": MANIFEST,
}


def sealed(raw: bytes, now, **changes) -> Seal:
    made = Seal(
        experiment="probe",
        version=1,
        serial=1,
        digest=digest(raw),
        size=len(raw),
        issued=now,
        expires=now + timedelta(days=90),
    )
    return replace(made, **changes)


def test_a_bundle_is_opened_as_it_was_packed(now):
    raw = pack(FILES)
    assert open_bundle(raw, sealed(raw, now)) == FILES == contents(raw)


def test_the_digits_travel_with_an_experiment_that_names_them(tmp_path, now):
    package, name = Path(axiom.__file__).parent, "axiom/kit/digits.bin"
    (file := tmp_path / "reader.py").write_text("from axiom.kit import digits\n")
    digits = collect(package, file)[name]
    assert digits == (package / "kit" / "digits.bin").read_bytes()
    assert name not in collect(package, package / "catalogue" / "test_deploy.py")
    raw = pack(FILES | {name: digits})
    assert open_bundle(raw, sealed(raw, now))[name] == digits


def test_packing_is_the_same_bytes_whatever_the_order():
    raw = pack(FILES)
    assert raw == pack(dict(reversed(FILES.items())))
    assert digest(raw) == digest(pack(FILES))
    assert digest(pack({"a": b"1"})) == "ff7bcfadea03f673a7f7d3cc9bbda7475b29016681fc9fd85b548e9bc3a16974"


@given(data=st.data())
def test_no_bit_of_a_bundle_can_be_flipped(data, now):
    raw = pack(FILES)
    flipped = bytearray(raw)
    flipped[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(BundleAltered, match="digest is not the sealed one"):
        open_bundle(bytes(flipped), sealed(raw, now))


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_truncated_bundle_is_refused(size, now):
    raw = pack(FILES)
    with pytest.raises(BundleAltered, match=f"and {len(raw)} were sealed"):
        open_bundle(raw[:size], sealed(raw, now))


@pytest.mark.parametrize(
    "name",
    [
        "../outside.py",
        "/etc/passwd",
        "axiom/domain/../../evil.py",
        "axiom\\domain\\x.py",
        "numpy.py",
        "axiom/catalogue/other.py",
        "axiom/kit/data.bin",
        "axiom/kit/__pycache__/chance.cpython-311.pyc",
    ],
)
def test_an_unexpected_file_is_refused_even_when_sealed(name, now):
    raw = pack(FILES | {name: b""})
    with pytest.raises(BundleAltered, match="unexpected file"):
        open_bundle(raw, sealed(raw, now))


@pytest.mark.parametrize("name", ["manifest.json", "axiom/catalogue/probe.py"])
def test_a_bundle_without_its_heart_is_refused(name, now):
    raw = pack({other: body for other, body in FILES.items() if other != name})
    with pytest.raises(BundleAltered, match=f"sealed without {name}"):
        open_bundle(raw, sealed(raw, now))


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


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"not a zip at all", "not an archive"),
        (lambda: archive(*FILES.items()), "another form"),
        (lambda: pack(FILES) + b"hidden", "another form|not an archive"),
        (lambda: archive(*FILES.items(), comment=b"hidden"), "another form"),
        (lambda: archive(*FILES.items(), (link(), b"/etc/passwd")), "another form"),
        (lambda: archive(*FILES.items(), compression=zipfile.ZIP_DEFLATED), "another form"),
        (lambda: damaged(zipfile.ZIP_DEFLATED), "another form"),
        (lambda: damaged(zipfile.ZIP_LZMA), "another form"),
        (lambda: archive(("é.py", b"")).replace("é".encode(), b"\xff\xff"), "not an archive"),
        (lambda: pack(FILES).replace(b"y = 2", b"y = 3"), "not an archive"),
        (lambda: pack(FILES | {"manifest.json": b"{}"}), "manifest cannot be read"),
        (
            lambda: pack(FILES | {"manifest.json": MANIFEST.replace(b'"version":1', b'"version":2')}),
            "manifest is of probe@2, and its seal of probe@1",
        ),
    ],
)
def test_an_archive_of_another_form_is_refused_even_when_sealed(make, words, now):
    raw = make()
    with pytest.raises(BundleAltered, match=words):
        open_bundle(raw, sealed(raw, now))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused_even_when_sealed(now):
    raw = archive(*FILES.items(), ("manifest.json", b""))
    with pytest.raises(BundleAltered, match="two files of one name"):
        open_bundle(raw, sealed(raw, now))


def test_a_bundle_that_unpacks_too_large_is_refused_unread(now):
    raw = archive(("manifest.json", b"0" * (bundles.SIZE_LIMIT + 1)), compression=zipfile.ZIP_DEFLATED)
    assert len(raw) < 100_000
    with pytest.raises(BundleAltered, match="larger than"):
        open_bundle(raw, sealed(raw, now))


def test_a_seal_is_read_as_written(keys, now):
    made = sealed(pack(FILES), now)
    assert read_seal(write_seal(made, keys.bundle), trust=keys.trust, now=now) == made


def test_a_seal_by_another_key_is_foreign(keys, strangers, now):
    made = sealed(pack(FILES), now)
    for key in (keys.ticket, keys.root, strangers.bundle):
        with pytest.raises(BundleForeign, match="not the laboratory's"):
            read_seal(write_seal(made, key), trust=keys.trust, now=now)


def test_a_seal_expires(keys, now):
    text = write_seal(sealed(pack(FILES), now), keys.bundle)
    with pytest.raises(BundleExpired, match="must seal the bundle again"):
        read_seal(text, trust=keys.trust, now=now + timedelta(days=90))


@given(data=st.data())
def test_no_bit_of_a_seal_can_be_flipped(data, keys, now):
    flipped = bytearray(write_seal(sealed(b"x", now), keys.bundle).encode())
    flipped[data.draw(st.integers(0, len(flipped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises((BundleAltered, BundleForeign)):
        read_seal(flipped.decode("latin-1"), trust=keys.trust, now=now)


def test_a_seal_with_a_misspelt_field_is_refused(keys, now):
    text = sealed_text(canonical({"kind": "axiom-bundle-1", "serials": 1}), [keys.bundle])
    with pytest.raises(BundleAltered, match="did you mean serial"):
        read_seal(text, trust=keys.trust, now=now)


def test_a_bundle_carries_the_words_the_kit_and_one_experiment(tmp_path):
    file = tmp_path / "probe.py"
    file.write_text("x = 1\n")
    names = set(collect(Path(axiom.__file__).parent, file))
    assert {"axiom/__init__.py", "axiom/domain/experiments.py", "axiom/domain/declaration.py"} < names
    assert [name for name in names if name.startswith("axiom/catalogue/") and "__init__" not in name] == [
        "axiom/catalogue/probe.py"
    ]
    assert {name.split("/")[1] for name in names} <= {"__init__.py", "domain", "kit", "catalogue"}


def test_a_missing_experiment_file_is_said(tmp_path):
    with pytest.raises(ExperimentError, match=r"no experiment file .*probe.py"):
        collect(Path(axiom.__file__).parent, tmp_path / "probe.py")


@pytest.mark.skipif(sys.platform != "linux", reason="a file that nobody can read, not even root, is one of Linux'")
def test_an_experiment_file_that_cannot_be_read_is_said(tmp_path):
    (tmp_path / "probe.py").symlink_to("/proc/self/mem")
    with pytest.raises(ExperimentError, match=r"probe.py cannot be read \(Input/output error\). Nothing was built"):
        collect(Path(axiom.__file__).parent, tmp_path / "probe.py")


def test_a_seal_needs_as_many_bundle_keys_as_the_threshold_says(keys, now):
    second = SigningKey.make()
    both = Signers(threshold=2, keys={key.id: key.public for key in (keys.bundle, second)})
    trust = replace(keys.trust, roles={**keys.trust.roles, Role.BUNDLE: both})
    made = sealed(b"x", now)
    assert read_seal(write_seal(made, keys.bundle, second), trust=trust, now=now) == made
    for some in ((keys.bundle,), (second,), (keys.bundle, keys.bundle)):
        with pytest.raises(BundleForeign, match="1 of the 2 bundle signatures"):
            read_seal(write_seal(made, *some), trust=trust, now=now)


def test_what_the_bundle_keys_are_asked_to_sign_is_read_as_strictly_as_what_they_signed(now):
    made = sealed(b"x", now)
    body = bundles.seal_body(made)
    assert bundles.read_seal_body(body) == made
    for damaged in (
        body[:-1],
        body.replace(b"axiom-bundle-1", b"axiom-ticket-1"),
        body.replace(b'"serial"', b'"serials"'),
    ):
        with pytest.raises(ValueError, match=r"axiom-bundle-1|unknown field|not JSON"):
            bundles.read_seal_body(damaged)
