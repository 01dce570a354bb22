"""What a played client reads in an answer: its number, its tasks, what was acknowledged, when to call."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from simulation.client_messages import UploadSlot

_ENTITY = re.compile(r"&(lt|gt|quot|apos|amp);")
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
_STATUS = re.compile(rb"<status>\s*(-?\d+)\s*</status>")
_SIZE = re.compile(rb"<file_size>\s*(\d+)\s*</file_size>")


@dataclass(frozen=True, kw_only=True)
class HeardOrder:
    """A task as a reply describes it."""

    name: str  # BOINC's, of the result
    text: str  # the ticket's
    slot: UploadSlot

    @cached_property
    def ticket(self) -> Mapping[str, Any]:
        """What is ordered, read without asking who signed it: nothing is computed."""
        body = self.text.partition(".")[0]
        ticket: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        return ticket

    @property
    def task(self) -> int:
        """Its number in the laboratory."""
        return int(self.ticket["task"])

    @property
    def seconds(self) -> float:
        """Of a core as the laboratory bounds it: five times what is expected, with a floor."""
        limits: list[float] = self.ticket["cell_seconds"]
        return sum(limits) * len(self.ticket["replicates"]) / 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a reply of the scheduler says."""

    host: int | None  # the number that it is told to have from now on
    cross: str  # the account's id across projects
    delay: float
    orders: tuple[HeardOrder, ...]
    acknowledged: tuple[str, ...]
    aborted: tuple[str, ...]  # at once
    unstarted: tuple[str, ...]  # to be given up unless begun
    messages: tuple[str, ...]


def hear(body: bytes) -> Heard:
    """Read a reply as loosely as a client does; one that is cut says nothing."""
    text = body.decode("utf-8", "replace")
    if "</scheduler_reply>" not in text[-64:]:
        raise ValueError(f"the scheduler's reply is cut: {text[-80:]!r}")
    host, delay = _inside(text, "hostid"), _inside(text, "request_delay")
    return Heard(
        host=int(host) if host else None,
        cross=_inside(text, "cross_project_id"),
        delay=float(delay) if delay else 0.0,
        orders=tuple(_orders(text)) if "<workunit>" in text else (),
        acknowledged=_named(text, "result_ack"),
        aborted=_named(text, "result_abort"),
        unstarted=_named(text, "result_abort_if_not_started"),
        messages=tuple(re.findall(r"<message[^>]*>(.*?)</message>", text, re.DOTALL)) if "<message" in text else (),
    )


def status_of(body: bytes) -> int | None:
    """What the data server says of an upload: 0 done, 1 try again, -1 never."""
    match = _STATUS.search(body)
    return int(match[1]) if match else None


def size_of(body: bytes) -> int:
    """How much of the file is there, by the data server's word."""
    match = _SIZE.search(body)
    return int(match[1]) if match else 0


def _orders(text: str) -> Iterator[HeardOrder]:
    lines = {_inside(part, "name"): _plain(_inside(part, "command_line")) for part in _parts(text, "workunit")}
    files = {_inside(part, "name"): part for part in _parts(text, "file_info") if "<max_nbytes" in part}
    for part in _parts(text, "result"):
        words = lines[_inside(part, "wu_name")].split()
        file = files[_inside(part, "file_name")]
        yield HeardOrder(
            name=_inside(part, "name"),
            text=words[words.index("--ticket") + 1],
            slot=UploadSlot(
                name=_inside(file, "name"),
                url=_plain(_inside(file, "url") or _inside(file, "upload_url")),
                token=_inside(file, "xml_signature"),
                most_bytes=int(float(_inside(file, "max_nbytes"))),
            ),
        )


def _named(text: str, tag: str) -> tuple[str, ...]:
    return tuple(_inside(part, "name") for part in _parts(text, tag)) if f"<{tag}>" in text else ()


def _parts(text: str, tag: str) -> Iterator[str]:
    """What stands inside each element of this name. Plain searching: patterns are ten times as slow on long orders."""
    begin, end = f"<{tag}>", f"</{tag}>"
    at = text.find(begin)
    while at >= 0:
        until = text.find(end, at)
        yield text[at + len(begin) : until]
        at = text.find(begin, until) if until >= 0 else -1


def _inside(text: str, tag: str) -> str:
    return next(_parts(text, tag), "").strip()


def _plain(text: str) -> str:
    return _ENTITY.sub(lambda match: _ENTITIES[match[1]], text) if "&" in text else text
