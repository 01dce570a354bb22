"""What a played computer reads in an answer: its number, its tasks, what was acknowledged, how long to stay away."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from loadgen.hosts import HeldTask

_MESSAGE = re.compile(r"<message[^>]*>(.*?)</message>", re.DOTALL)
_ACKNOWLEDGED = re.compile(r"<result_ack>\s*<name>\s*(.*?)\s*</name>\s*</result_ack>", re.DOTALL)
_ABORTED = re.compile(r"<result_abort(?:_if_not_started)?>\s*<name>\s*(.*?)\s*</name>", re.DOTALL)
_STATUS = re.compile(rb"<status>\s*(-?\d+)\s*</status>")
_ENTITIES = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
_ENTITY = re.compile(r"&(lt|gt|quot|apos|amp);")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What an answer of the scheduler says."""

    whole: bool  # it ends as answers end
    host_id: int | None
    cross: str  # the account's id across projects
    delay: float
    tasks: tuple[HeldTask, ...]
    acknowledged: tuple[str, ...]
    aborted: tuple[str, ...]
    messages: tuple[str, ...]


def read_answer(body: bytes, *, round_now: int) -> Answer:
    """Read a scheduler's answer, as loosely as the client does."""
    text = body.decode("utf-8", "replace")
    host, delay = _inside(text, "hostid"), _inside(text, "request_delay")
    acknowledged = _ACKNOWLEDGED.findall(text) if "<result_ack>" in text else ()
    return Answer(
        whole="</scheduler_reply>" in text[-64:],
        host_id=int(host) if host else None,
        cross=_inside(text, "cross_project_id"),
        delay=float(delay) if delay else 0.0,
        tasks=_tasks(text, round_now) if "<result>" in text else (),
        acknowledged=tuple(acknowledged),
        aborted=tuple(_ABORTED.findall(text)) if "<result_abort" in text else (),
        messages=tuple(_MESSAGE.findall(text)) if "<message" in text else (),
    )


def _tasks(text: str, round_now: int) -> tuple[HeldTask, ...]:
    orders = {_inside(part, "name"): _plain(_inside(part, "command_line")) for part in _parts(text, "workunit")}
    files = {
        _inside(part, "name"): part
        for part in _parts(text, "file_info")
        if "<upload_when_present" in part or "<generated_locally" in part
    }
    tasks = []
    for part in _parts(text, "result"):
        task = HeldTask(name=_inside(part, "name"), round=round_now, order=orders.get(_inside(part, "wu_name"), ""))
        outputs = (_inside(reference, "file_name") for reference in _parts(part, "file_ref"))
        output = next((name for name in outputs if name in files), None)
        if output is not None:  # a task of ours has one output
            file = files[output]
            task.file, task.url = output, _plain(_inside(file, "url") or _inside(file, "upload_url"))
            task.token = _inside(file, "xml_signature", strip=False).removeprefix("\n")
            task.most_bytes = int(float(_inside(file, "max_nbytes") or 0))
        tasks.append(task)
    return tuple(tasks)


def upload_status(body: bytes) -> int | None:
    """What the upload handler says: 0 done, 1 try again, -1 never; None when it says none of it."""
    match = _STATUS.search(body)
    return int(match[1]) if match else None


def _parts(text: str, tag: str) -> Iterator[str]:
    """What stands inside each element of this name. Plain searching: patterns are ten times as slow on long orders."""
    begin, end = f"<{tag}>", f"</{tag}>"
    at = text.find(begin)
    while at >= 0:
        until = text.find(end, at)
        yield text[at + len(begin) : until]
        at = text.find(begin, until) if until >= 0 else -1


def _inside(text: str, tag: str, *, strip: bool = True) -> str:
    """What stands inside the first element of this name; nothing where there is none."""
    content = next(_parts(text, tag), "")
    return content.strip() if strip else content


def _plain(text: str) -> str:
    return _ENTITY.sub(lambda entity: _ENTITIES[entity[1]], text) if "&" in text else text
