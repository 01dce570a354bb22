import asyncio
import hashlib
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from axiom.errors import FolderUnusable, StoreBusy
from axiom.limits import server as limits
from axiom.server.http import downloads
from axiom.server.http.downloads import Downloads
from axiom.signed.bundles import Seal, write_seal
from axiom.store.engine import blobs
from axiom.store.experiments import experiments

RUNNER = bytes(range(256)) * 40
BUNDLE = b"a bundle" * 20_000  # so large that it lies in a file
DIGEST = hashlib.sha256(BUNDLE).hexdigest()


class Shelf:
    def __init__(self, lab) -> None:
        self.lab = lab
        self.files = lab.folder.runner_files
        self.files.mkdir(parents=True)
        (self.files / "axiom_runner_1.exe").write_bytes(RUNNER)
        lab.folder.offer.write_bytes(b"canary beside the files")
        self.seal = self.sealed(lab.keys.bundle)
        with lab.db.transaction():
            made = experiments.add_experiment(lab.db, name="tiny_sum", version=1, manifest="{}", now=lab.now)
            said = {"seal": self.seal.decode(), "manifest": "{}", "expires_at": lab.now, "now": lab.now}
            experiments.add_bundle(lab.db, experiment_id=made, serial=1, digest=DIGEST, **said)
        self.digests = [self.put(BUNDLE), self.put(self.seal)]
        self.downloads = Downloads(lab.folder, lab.keys.trust)

    def sealed(self, key) -> bytes:
        """A seal that ran out long ago."""
        long_ago = self.lab.now - timedelta(days=400)
        times = {"issued": long_ago, "expires": long_ago + timedelta(days=1)}
        seal = Seal(experiment="tiny_sum", version=1, serial=1, digest=DIGEST, size=len(BUNDLE), **times)
        return write_seal(seal, key).encode()

    def put(self, body: bytes) -> str:
        return blobs.store_blob(self.lab.db, self.lab.folder, body, self.lab.now)

    def get(self, name: str, *, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        said = []

        async def send(message):
            said.append(message)

        scope = {
            "method": method,
            "path": f"/download/{name}",
            "headers": [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()],
        }
        asyncio.run(self.downloads(scope, send))
        named = {key.decode(): value.decode() for key, value in said[0]["headers"]}
        return said[0]["status"], named, b"".join(message.get("body", b"") for message in said[1:])


@pytest.fixture
def shelf(small_lab):
    return Shelf(small_lab)


def test_a_runner_a_bundle_and_a_seal_are_given_for_good_from_a_bounded_memory(shelf, monkeypatch):
    bundle, seal = shelf.digests
    named = {"axiom_runner_1.exe": RUNNER, f"bundle-{bundle}.zip": BUNDLE, f"seal-{seal}.seal": shelf.seal}
    for name, body in named.items():
        for _ in range(2):  # the second from memory
            status, headers, given_body = shelf.get(name)
            assert (status, given_body) == (200, body)
            assert headers["content-length"] == str(len(body))
            assert headers["cache-control"] == "public, max-age=31536000, immutable"
        status, headers, given_body = shelf.get(name, method="HEAD")
        assert status == 200
        assert headers["content-length"] == str(len(body))
        assert given_body == b""
        status, unchanged, _ = shelf.get(name, if_none_match=headers["etag"])
        assert (status, set(unchanged)) == (304, {"etag", "cache-control"})
    monkeypatch.setattr(limits, "FILES_REMEMBERED_BYTES", 2_500)
    for number in range(9):
        (shelf.files / f"file{number}").write_bytes(bytes(1_000))
        assert shelf.get(f"file{number}")[2] == bytes(1_000)
    assert list(shelf.downloads._bodies) == ["file7", "file8"]


@pytest.mark.parametrize("large", [1, 2**30])
def test_a_part_of_a_file_is_given_from_memory_and_from_the_disk(shelf, monkeypatch, large):
    monkeypatch.setattr(limits, "LARGE_FILE_BYTES", large)
    monkeypatch.setattr(limits, "FILE_PIECE_BYTES", 1_000)
    for asked, status, part in (
        ("bytes=0-9", 206, RUNNER[:10]),
        ("bytes=95-", 206, RUNNER[95:]),
        ("bytes=99999999-", 416, b""),
        ("bytes=0-1,5-6", 200, RUNNER),
    ):
        found, headers, body = shelf.get("axiom_runner_1.exe", range=asked)
        assert (found, body) == (status, part)
        assert ("content-range" in headers) == (status != 200)
        assert shelf.get("axiom_runner_1.exe", range=asked, if_range='"another"')[2] == RUNNER
    assert (shelf.downloads._bodies == {}) == (large == 1)
    status, headers, _ = shelf.get("axiom_runner_1.exe", method="POST")
    assert (status, headers["allow"]) == (405, "GET, HEAD")


ELSEWHERE = [
    "",
    "..",
    "../offer.json",
    "%2e%2e/offer.json",
    "..\\offer.json",
    "/etc/passwd",
    "axiom_runner_1.exe/",
    "axiom_runner_1.exe\x00",
    "\uff0e\uff0e/offer.json",
    ".hidden",
    "con",
    "a" * 10_000,
    f"bundle-{'0' * 64}.zip",
    f"bundle-{DIGEST.upper()}.zip",
]


def test_whatever_else_is_asked_for_or_was_brought_by_somebody_is_not_here(shelf):
    foreign = shelf.sealed(shelf.lab.keys.ticket)
    for body in (b"an output", b"an output" * 20_000, b"a.seal", b"\xff" * 100, foreign, shelf.seal + b" "):
        digest = shelf.put(body)
        assert [shelf.get(name)[0] for name in (f"bundle-{digest}.zip", f"seal-{digest}.seal")] == [404, 404]
    bundle, seal = shelf.digests
    assert [shelf.get(name)[0] for name in (f"bundle-{seal}.zip", f"seal-{bundle}.seal")] == [404, 404]
    (shelf.files / ".hidden").write_bytes(b"canary")
    (shelf.files / "con").mkdir()
    digest = shelf.digests[0]
    blob = (digest, f"{digest}.zip", f"../blobs/{digest[:2]}/{digest[2:]}", f"bundle-{digest}.zip.exe")
    assert {name: shelf.get(name)[0] for name in (*ELSEWHERE, *blob)} == dict.fromkeys((*ELSEWHERE, *blob), 404)
    (shelf.lab.folder.blobs / digest[:2] / digest[2:]).write_bytes(b"altered")
    assert shelf.get(f"bundle-{digest}.zip")[0] == 404, "it is damaged"


@given(name=st.text(alphabet="./\\%2ef~ax_1\x00\u2025", max_size=30))
def test_no_name_leads_out_of_the_folder(shelf_for_all, name):
    status, _, body = shelf_for_all.get(name)
    assert status == 404 or body == RUNNER
    assert b"canary" not in body


@pytest.fixture(scope="module")
def shelf_for_all(new_lab, tmp_path_factory):
    lab = new_lab(tmp_path_factory.mktemp("shelf") / "lab")
    yield Shelf(lab)
    lab.db.close()


@pytest.mark.parametrize("error", [StoreBusy("busy"), FolderUnusable("no descriptors"), OSError(24, "too many files")])
def test_what_cannot_be_read_for_a_moment_is_not_said_to_be_gone(shelf, monkeypatch, caplog, error):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(downloads.blobs, "read_blob", fail)
    monkeypatch.setattr(downloads.Path, "open", fail)
    monkeypatch.setattr(downloads.Path, "read_bytes", fail)
    names = [f"bundle-{shelf.digests[0]}.zip", f"seal-{shelf.digests[1]}.seal", "axiom_runner_1.exe"]
    assert [shelf.get(name)[0] for name in names] == [503] * 3
    monkeypatch.setattr(limits, "LARGE_FILE_BYTES", 100)
    status, headers, _ = shelf.get(names[2])
    assert (status, headers["retry-after"]) == (503, "60")
    assert names[0] in caplog.text
    monkeypatch.undo()
    assert [shelf.get(name)[0] for name in names] == [200] * 3
