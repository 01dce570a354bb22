"""A laboratory that takes uploads, and uploads as the stock client writes them."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

from patience import PATIENCE

from axiom.boinc.uploads import write_name, write_token
from axiom.domain.work import task_name
from axiom.server.http.uploads import Transfers
from axiom.store.connections import Connections
from axiom.store.engine import blobs
from axiom.store.tasks import uploads
from axiom.store.writer import Writer

KEY = b"k" * 32
LIMIT = 16 * 1024 * 1024
TASK = task_name("tiny_sum", 1, 1, 1)
NAME = write_name(KEY, TASK)
SMALL = b"an output\n" * 50
LARGE = bytes(range(256)) * 2_000  # half a megabyte


def md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def head(
    body: bytes, *, name: str = NAME, token: str | None = None, most: int = LIMIT, offset: int = 0, digest: str = ""
) -> bytes:
    """The head of an upload as the stock client writes it, with what follows it."""
    token = write_token(KEY, name=name, max_nbytes=most) if token is None else token
    return (
        "<data_server_request>\n<core_client_major_version>7</core_client_major_version>\n<file_upload>\n<file_info>\n"
        f"<name>{name}</name>\n<xml_signature>\n{token}</xml_signature>\n<max_nbytes>{most}</max_nbytes>\n</file_info>\n"
        f"<nbytes>{len(body)}</nbytes>\n<md5_cksum>{digest or md5(body)}</md5_cksum>\n"
        f"<offset>{offset}</offset>\n<data>\n"
    ).encode() + body[offset:]


def size_query(name: str = NAME) -> bytes:
    return f"<data_server_request>\n<get_file_size>{name}</get_file_size>\n</data_server_request>\n".encode()


class Place:
    def __init__(self, lab) -> None:
        lab.order(1)
        lab.db.close()
        self.lab = lab
        self.folder = lab.folder
        self.writer = Writer(Connections(folder=lab.folder).writer)
        self.writer.start()
        self.threads = ThreadPoolExecutor(2)
        self.transfers = self.opened()

    def opened(self) -> Transfers:
        about = {"writer": self.writer, "folder": self.folder, "key": KEY}
        return Transfers(**about, now=lambda: self.lab.now, threads=self.threads)

    def say(self, request: bytes, *, piece: int = 65_536, length: int | None = None) -> bytes:
        """One request in pieces, and its answer."""
        arrival = self.transfers.arrive(len(request) if length is None else length)
        for start in range(0, len(request), piece):
            arrival.take(request[start : start + piece])
        return arrival.finish().result(PATIENCE)

    def cut(self, request: bytes, *, after: int, piece: int = 65_536) -> None:
        arrival = self.transfers.arrive(len(request))
        for start in range(0, after, piece):
            arrival.take(request[start : min(start + piece, after)])
        arrival.lose()

    def stored(self) -> dict[int, bytes]:
        def bodies(db):
            return {
                task: blobs.read_blob(db, self.folder, row.digest)
                for task, row in uploads.read_uploads(db, range(1, 9)).items()
            }

        return self.writer.run(bodies)

    def kept(self) -> int:
        """Bytes of parts and of blobs: what a stranger could have filled the disk with."""
        blob_bytes = self.writer.run(lambda db: db.row("SELECT coalesce(sum(size), 0) AS size FROM blob"))
        assert blob_bytes
        return sum(path.stat().st_size for path in self.folder.uploads.iterdir()) + int(blob_bytes["size"])

    def close(self) -> None:
        self.threads.shutdown()
        self.writer.stop()


def status_of(answer: bytes) -> int:
    return int(answer.partition(b"<status>")[2].partition(b"<")[0])
