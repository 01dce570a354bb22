"""What passes when a host brings a file: the head of the upload, the token and the name that it needs, the answers.

The bytes of an upload follow its head in the same body, so the head is read from whatever has arrived.
"""

import hashlib
import hmac
import re
from functools import lru_cache

from axiom.boinc.xml import escape_xml, in_ascii
from axiom.domain.value import value_class
from axiom.errors import MalformedRequest
from axiom.limits import server as limits

_START = b"<data_server_request>"
_DATA = b"<data>\n"
_END = b"</data_server_request>"
_LEAF = re.compile(rb"<(name|xml_signature|max_nbytes|nbytes|md5_cksum|offset|get_file_size)>([^<>]*)</\1>")
_UPLOAD = frozenset((b"name", b"xml_signature", b"max_nbytes", b"nbytes", b"md5_cksum", b"offset"))
_NAME = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")
_NUMBER = re.compile(r"([0-9]{1,15})(?:\.0{1,6})?")  # clients write a size as a float without a fraction
_MD5 = re.compile(r"[0-9a-f]{32}")
_TOKEN = re.compile(r"1-[0-9a-f]{64}")
_NAME_MAC = 32  # hex digits
_NO_STORE = "Nothing was stored."


@value_class
class SizeQuery:
    name: str


@value_class
class Upload:
    """A host brings a file, from `offset` to its end; its bytes begin at `data_starts_at` of the body."""

    name: str
    token: str
    max_nbytes: int
    nbytes: int
    md5: str  # of the whole file
    offset: int
    data_starts_at: int

    @property
    def body_length(self) -> int:
        """How long the whole body must be; any other Content-Length says something else than the head."""
        return self.data_starts_at + self.nbytes - self.offset


def read_head(buffer: bytes | bytearray, *, ended: bool = False) -> SizeQuery | Upload | None:
    """Return what the beginning of a body asks for; None when it does not yet hold the whole head.

    `ended` says that nothing more will come: then a head that is not whole is malformed too.
    """
    begun = bytes(buffer[: len(_START) + 16]).lstrip()
    if not (begun.startswith(_START) or _START.startswith(begun)):
        raise MalformedRequest(f"The body does not begin as a request to the data server does. {_NO_STORE}")
    end = buffer.find(_DATA, 0, limits.UPLOAD_HEAD_BYTES)
    if end >= 0:
        return _upload(bytes(buffer[:end]), end + len(_DATA))
    end = buffer.find(_END, 0, limits.UPLOAD_HEAD_BYTES)
    if end >= 0:
        return _size_query(bytes(buffer[:end]))
    if len(buffer) >= limits.UPLOAD_HEAD_BYTES:
        raise MalformedRequest(f"The head of the request is longer than {limits.UPLOAD_HEAD_BYTES} bytes. {_NO_STORE}")
    if ended:
        raise MalformedRequest(f"The request ends within its head. {_NO_STORE}")
    return None


def _leaves(head: bytes) -> dict[bytes, str]:
    pairs = _LEAF.findall(head)
    leaves = {tag: value.decode("ascii", "replace").strip() for tag, value in pairs}
    if len(leaves) != len(set(pairs)):
        raise MalformedRequest(f"The head of the request says one thing in two ways. {_NO_STORE}")
    return leaves


def _upload(head: bytes, data_starts_at: int) -> Upload:
    leaves = _leaves(head)
    if leaves.keys() != _UPLOAD:
        odd = b", ".join(sorted(leaves.keys() ^ _UPLOAD)).decode()
        raise MalformedRequest(f"The head of the upload lacks, or has beyond what belongs there: {odd}. {_NO_STORE}")
    upload = Upload(
        name=_name(leaves[b"name"]),
        token=leaves[b"xml_signature"],
        max_nbytes=_number(leaves, b"max_nbytes"),
        nbytes=_number(leaves, b"nbytes"),
        md5=leaves[b"md5_cksum"],
        offset=_number(leaves, b"offset"),
        data_starts_at=data_starts_at,
    )
    if not _MD5.fullmatch(upload.md5):
        raise MalformedRequest(f"The md5_cksum of the upload is not 32 lower-case hex digits. {_NO_STORE}")
    if upload.offset > upload.nbytes:
        raise MalformedRequest(
            f"The upload begins at byte {upload.offset} of a file of {upload.nbytes} bytes. {_NO_STORE}"
        )
    return upload


def _size_query(head: bytes) -> SizeQuery:
    leaves = _leaves(head)
    if leaves.keys() != {b"get_file_size"}:
        raise MalformedRequest(f"The request asks neither for a size nor does it bring a file. {_NO_STORE}")
    return SizeQuery(name=_name(leaves[b"get_file_size"]))


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise MalformedRequest(f"The name in the request is not a file's name. {_NO_STORE}")
    return text


def _number(leaves: dict[bytes, str], tag: bytes) -> int:
    match = _NUMBER.fullmatch(leaves[tag])
    if match is None:
        raise MalformedRequest(f"The {tag.decode()} of the upload is not a whole number. {_NO_STORE}")
    return int(match[1])


def write_token(key: bytes, *, name: str, max_nbytes: int) -> str:
    """Write the word that lets its bearer upload this file up to this size.

    It does not run out: a name belongs to one task, and the task's state says whether its file is still awaited, also
    after an outage that moved every deadline.
    """
    return "1-" + _mac(key, b"axiom-upload-1", name, str(max_nbytes))


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None


def check_token(key: bytes, upload: Upload) -> str | None:
    if not is_token(upload.token):
        return "the upload carries no token"
    expected = write_token(key, name=upload.name, max_nbytes=upload.max_nbytes)
    if not hmac.compare_digest(expected, upload.token):
        return "the upload's token is not for this file and this size"
    if upload.nbytes > upload.max_nbytes:
        return f"the file has {upload.nbytes} bytes, and {upload.max_nbytes} were agreed"
    return None


def write_name(key: bytes, task: str) -> str:
    """Name a task's output so that nobody can guess it: a host may ask for the size of a file without any token."""
    return f"{task}-{_mac(key, b'axiom-output-1', task)[:_NAME_MAC]}"


def read_name(key: bytes, name: str) -> str | None:
    task = name[: -_NAME_MAC - 1]
    if _NAME.fullmatch(name) and task and hmac.compare_digest(write_name(key, task), name):
        return task
    return None


def _mac(key: bytes, purpose: bytes, *words: str) -> str:
    """Each word after its length: no two lists of words are the same bytes."""
    message = purpose
    for word in words:
        body = word.encode()
        message += len(body).to_bytes(4, "big") + body
    inner, outer = (half.copy() for half in _hmac_halves(key))
    inner.update(message)
    outer.update(inner.digest())
    return outer.hexdigest()


@lru_cache(maxsize=4)
def _hmac_halves(key: bytes) -> tuple["hashlib._Hash", "hashlib._Hash"]:
    """The two halves of HMAC-SHA256 (RFC 2104) after its key: from here it takes a third of the time."""
    block = (key if len(key) <= 64 else hashlib.sha256(key).digest()).ljust(64, b"\0")
    return hashlib.sha256(bytes(byte ^ 0x36 for byte in block)), hashlib.sha256(bytes(byte ^ 0x5C for byte in block))


def size_reply(nbytes: int) -> bytes:
    """Answer a size query: so many bytes are here, 0 also for a file that nobody awaits."""
    return b"<data_server_reply>\n<status>0</status>\n<file_size>%d</file_size>\n</data_server_reply>\n" % nbytes


def upload_done_reply() -> bytes:
    """Answer an upload whose file is whole, right and on the disk."""
    return b"<data_server_reply>\n<status>0</status>\n</data_server_reply>\n"


def upload_retry_reply(message: str) -> bytes:
    """Answer an upload that failed for now: the host comes back after a while."""
    return _reply(1, message)


def upload_refused_reply(message: str) -> bytes:
    """Answer an upload that will never be taken: the host gives the file up and reports its task."""
    return _reply(-1, message)


def _reply(status: int, message: str) -> bytes:
    line = escape_xml(" ".join(message.split())[:500])
    body = f"<data_server_reply>\n<status>{status}</status>\n<message>{line}</message>\n</data_server_reply>\n"
    return in_ascii(body)
