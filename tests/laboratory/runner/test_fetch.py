"""Runners from a release: what was signed arrives over a real wire, and nothing else does."""

import fcntl
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from fake_builds import LINUX, build

from axiom.domain.fleet import Platform
from axiom.errors import CannotStart, NotFound, Refused, StorageFull, WrongUse
from axiom.laboratory.runner.fetch import choose_fetched_runners, fetch_release, fetch_runner
from axiom.laboratory.runner.offer import OfferWatcher
from axiom.laboratory.runner.release import RELEASE, sign_release
from axiom.limits import server as limits
from axiom.signed import canonical_json
from axiom.signed.boinc_code_signing import CodeKey
from axiom.signed.signing_key import SigningKey

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
KEY = SigningKey.make()
RUNTIME = bytes(range(256)) * 12_000  # three megabytes, in several pieces


@dataclass
class ReleaseHost:
    """A server of files, with ranges as real ones have them, and with whatever can go wrong with one."""

    folder: Path
    address: str = ""
    has_ranges: bool = True
    cut_after: int | None = None  # bytes of a body, each time
    elsewhere: str = ""  # where the next request is sent
    asked: list[tuple[str, str]] = field(default_factory=list)  # path and range


@pytest.fixture
def built(tmp_path) -> Path:
    place = tmp_path / "built"
    build(place, runtime=RUNTIME)
    build(place, plan_class="nv")
    (place / LINUX / "sbom.cdx.json").write_text("{}")
    sign_release(place, KEY, NOW)
    return place


@pytest.fixture
def host(built) -> Iterator[ReleaseHost]:
    host = ReleaseHost(folder=built)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers.get("range", "")
            host.asked.append((self.path, wanted))
            if host.elsewhere:
                self.send_response(302)
                self.send_header("location", host.elsewhere + self.path)
                self.send_header("content-length", "0")
                self.end_headers()
                return
            path = host.folder / self.path.lstrip("/")
            if not path.is_file():
                self.send_error(404)
                return
            body, begin = path.read_bytes(), 0
            if wanted and host.has_ranges:
                begin = int(wanted.removeprefix("bytes=").rstrip("-"))
                self.send_response(206)
                self.send_header("content-range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
            else:
                self.send_response(200)
            self.send_header("content-length", str(len(body) - begin))
            self.end_headers()
            end = len(body) if host.cut_after is None else begin + host.cut_after
            self.wfile.write(body[begin:end])
            if end < len(body):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield host
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetch(folder) -> Callable[..., list[bool]]:
    def fetch(place: str, *only: str, key: str = KEY.public) -> list[bool]:
        release = fetch_release(place, key)
        return [
            fetch_runner(folder, place, release, name, lambda *_: None)
            for name in choose_fetched_runners(release, only)
        ]

    return fetch


def below(place: Path) -> dict[str, bytes]:
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}


@pytest.fixture
def whole(built) -> dict[str, bytes]:
    return {name: body for name, body in below(built).items() if name != RELEASE}


@pytest.mark.parametrize("how", ["address", "folder"])
def test_what_was_signed_arrives_once(how, host, fetch, folder, built, whole):
    place = host.address if how == "address" else str(built)
    assert fetch(place) == [True, True]
    assert below(folder.fetched_runners) == whole
    asked = len(host.asked)
    assert fetch(place) == [False, False]
    assert len(host.asked) - asked == (how == "address"), "only the list is looked at again"


def test_a_laboratory_offers_what_was_fetched_and_prefers_what_it_built(host, fetch, folder, tmp_path):
    folder.keys.mkdir(mode=0o700)
    (folder.keys / "trust.json").write_bytes(b"whom to trust")
    CodeKey.make().save(folder.keys / "code.key")
    here = Platform(system="linux", processor="x86_64", instructions="avx2")
    own, part = tmp_path / "own", folder.fetched_runners / f".{LINUX}.part"
    offering = OfferWatcher(folder, platform=here, now=lambda: NOW, built=own)
    part.mkdir(parents=True)
    shutil.copy(host.folder / LINUX / "built.json", part)  # half of it is no runner
    offering.refresh()
    assert (offering.offered[LINUX].is_stand_in, offering.problems) == (True, ())
    fetch(host.address, LINUX)
    offering.refresh()
    assert (offering.offered[LINUX].is_stand_in, offering.problems) == (False, ())
    assert len(RUNTIME) in {file.size for file in offering.offered[LINUX].files}
    build(own)
    offering.refresh()
    version = offering.offered[LINUX].version
    assert len(RUNTIME) not in {file.size for file in offering.offered[LINUX].files}
    (own / LINUX / "built.json").touch()
    offering.refresh()
    assert offering.offered[LINUX].version == version


@pytest.mark.parametrize("has_ranges", [True, False])
def test_a_fetch_that_was_cut_goes_on_where_it_was(has_ranges, host, fetch, folder, whole):
    host.has_ranges, host.cut_after = has_ranges, 400_000
    with pytest.raises(CannotStart):
        fetch(host.address)
    assert below(folder.fetched_runners).keys() & whole.keys() == set()
    host.cut_after = None
    fetch(host.address)
    assert below(folder.fetched_runners) == whole
    begun = [wanted for path, wanted in host.asked if f"/{LINUX}/axiom_runtime" in path]
    assert begun[0] == ""
    assert begun[-1] == (f"bytes={400_000 * (len(begun) - 1)}-" if has_ranges else "bytes=400000-")


def test_what_lay_there_or_breaks_now_and_then_is_no_matter(host, fetch, folder, whole):
    part = folder.fetched_runners / f".{LINUX}.part"
    part.mkdir(parents=True)
    (part / ".built.json.part").write_bytes(b"an older one")
    (part / "left.zip").write_bytes(b"left")
    handle = os.open(part, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)  # another command fetches
    with pytest.raises(CannotStart):
        fetch(host.address, LINUX)
    os.close(handle)
    host.cut_after = 1_000_000
    assert fetch(host.address) == [True, True]
    assert below(folder.fetched_runners) == whole


def test_of_a_later_release_only_what_changed_is_fetched(host, fetch, folder, built, whole):
    fetch(host.address)
    build(built, program=b"#!/bin/sh\nexit 4\n", runtime=RUNTIME)
    (old,) = (name for name in whole if name.startswith(f"{LINUX}/axiom_runner"))
    (built / old).unlink()
    sign_release(built, KEY, NOW)
    host.asked.clear()
    assert fetch(host.address) == [True, False]
    assert {path.split("_")[-2] for path, _ in host.asked if "axiom_" in path} == {"runner"}
    assert below(folder.fetched_runners) == {name: body for name, body in below(built).items() if name != RELEASE}


def test_an_unsigned_file_is_refused_by_name_and_what_is_not_whole_is_not_signed(host, fetch, folder, built):
    (path,) = (built / LINUX).glob("axiom_runtime_*")
    body = path.read_bytes()
    for wrong, error in ((b"\1" + body[1:], Refused), (body + b"x", Refused), (body[:-1], CannotStart)):
        path.write_bytes(wrong)
        with pytest.raises(error, match=path.name):
            fetch(host.address)
        assert not (folder.fetched_runners / LINUX).exists()
    path.write_bytes(body)
    assert fetch(host.address) == [True, True]
    for spoil, mend in (  # what is not whole is not signed
        (lambda: path.write_bytes(b"\1" + body[1:]), lambda: path.write_bytes(body)),
        (path.unlink, lambda: path.write_bytes(body)),
        (lambda: (built / LINUX).rename(built / "mine"), lambda: (built / "mine").rename(built / LINUX)),
        (lambda: shutil.rmtree(built), lambda: None),
    ):
        spoil()
        before = below(built)
        with pytest.raises((Refused, NotFound)):
            sign_release(built, KEY, NOW)
        assert below(built) == before
        mend()


def edited(built: Path, **said: Any) -> None:
    listed = json.loads((built / RELEASE).read_bytes())
    (built / RELEASE).write_bytes(canonical_json.canonical_bytes(listed | said))


def signed(built: Path, **said: Any) -> None:
    """The list says something else, and the key has signed that."""
    body = json.loads((built / RELEASE).read_bytes())["release"] | said
    edited(built, release=body, signature=KEY.sign(canonical_json.canonical_bytes(body)).hex())


ROW = {"name": "built.json", "sha256": "ab" * 32, "size": 5}
ODD: list[tuple[Callable[[Path], None], str]] = [
    (lambda built: (built / RELEASE).write_bytes(b""), "believed"),
    (lambda built: (built / RELEASE).write_bytes(b"x" * 300_000), "bytes"),
    (lambda built: edited(built, signature="00" * 64), "signature"),
    (lambda built: edited(built, release={}), "signature"),
    (lambda built: edited(built, key=SigningKey.make().public), "key"),
    (lambda built: signed(built, format="axiom-bundle-1"), "format"),
    (lambda built: signed(built, runners={"../keys": [ROW]}), r"\.\./keys"),
    (lambda built: signed(built, runners={".hidden": [ROW]}), "hidden"),
    (lambda built: signed(built, runners={LINUX: [ROW | {"name": "../built.json"}]}), "form"),
    (lambda built: signed(built, runners={LINUX: [ROW | {"size": 2**40}]}), "allowed"),
    (lambda built: signed(built, runners={LINUX: [ROW, ROW]}), "twice"),
    (lambda built: signed(built, runners={LINUX: [ROW | {"name": "other.json"}]}), "built.json"),
]


def test_a_list_that_is_not_signed_or_off_is_refused(host, fetch, folder, built):
    good = (built / RELEASE).read_bytes()
    for change, fact in ODD:
        (built / RELEASE).write_bytes(good)
        change(built)
        with pytest.raises(Refused, match=fact):
            fetch(host.address)
    assert not folder.fetched_runners.exists()
    (built / RELEASE).write_bytes(good)
    (built / f"{LINUX}-nv").rename(built / "windows_x86_64")
    files = json.loads(good)["release"]["runners"]
    signed(built, runners={"windows_x86_64": files[f"{LINUX}-nv"]})  # under the name of another
    with pytest.raises(Refused):
        fetch(host.address)
    assert [path.name for path in folder.fetched_runners.iterdir()] == [".windows_x86_64.part"]


def test_only_an_address_that_nobody_reads_on_the_way_is_asked(host, fetch):
    for place in ("http://example.org/r", "file:///tmp/r", "http://127.0.0.1.example.org/r", "https:///r"):
        with pytest.raises(WrongUse):
            fetch(place)
    for host.elsewhere in ("http://192.0.2.1", "file:///etc"):  # nor followed to
        with pytest.raises((WrongUse, CannotStart)):
            fetch(host.address)
    assert {path for path, _ in host.asked} == {f"/{RELEASE}"}


def test_what_cannot_be_read_is_named_and_without_room_nothing_is_fetched(host, fetch, tmp_path, built, monkeypatch):
    with monkeypatch.context() as full:
        full.setattr(limits, "SPARE_DISK_BYTES", 2**60)
        with pytest.raises(StorageFull):
            fetch(host.address)
    assert [path for path, _ in host.asked] == [f"/{RELEASE}"]
    for place in (f"{host.address}/none", str(tmp_path / "none")):
        with pytest.raises(NotFound, match=RELEASE):
            fetch(place)
    with pytest.raises(NotFound, match="vax"):
        fetch(host.address, "vax")
    (built / RELEASE).unlink()
    (built / RELEASE).mkdir()
    for place in ("http://127.0.0.1:1", str(built)):
        with pytest.raises(CannotStart):
            fetch(place)
