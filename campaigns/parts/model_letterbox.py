"""A language model's service on this computer behind which somebody thinks: requests and answers are files.

It speaks Chat Completions. Each request is laid into a folder as N.json; the message that somebody puts beside it, as
N.answer.json, is what the model says.
"""

import itertools
import json
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from axiom.mcp.tool import Effect
from axiom.mcp.tools import TOOLS

MODEL = "letterbox"
_BYTES_OF_A_TOKEN = 3.5  # nobody counts tokens here
_SHOWN = 500  # characters of an answer in a transcript
_READS = {tool.name for tool in TOOLS if tool.effect is Effect.NONE}

Call = tuple[str, Mapping[str, Any]]


@dataclass(kw_only=True)
class Letterbox:
    folder: Path
    patience: float = 290.0  # seconds; Axiom waits for five minutes
    lock: threading.Lock = field(default_factory=threading.Lock)

    def deliver(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        """Lay a request down and wait; the completion, or None where nobody answered."""
        with self.lock:
            number = max(self.numbers(), default=0) + 1
            _put(self.folder / f"{number}.json", body)
        until = time.monotonic() + self.patience
        answer = self.folder / f"{number}.answer.json"
        while not answer.exists():
            if time.monotonic() > until:
                return None
            time.sleep(0.05)
        message = json.loads(answer.read_text(encoding="utf-8"))
        return _completion(number, message, _count_tokens(body), _count_tokens(message))

    def numbers(self) -> list[int]:
        return sorted(int(file.stem) for file in self.folder.glob("*.json") if file.stem.isdecimal())

    def list_open(self) -> list[int]:
        return [number for number in self.numbers() if not (self.folder / f"{number}.answer.json").exists()]

    def request(self, number: int) -> dict[str, Any]:
        body: dict[str, Any] = json.loads((self.folder / f"{number}.json").read_text(encoding="utf-8"))
        return body

    def read_news(self, number: int) -> list[dict[str, Any]]:
        """The messages since the model spoke last: all, in the first request of a conversation."""
        messages = self.request(number)["messages"]
        spoke = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
        return list(messages[spoke[-1] + 1 if spoke else 0 :])

    def reply(self, number: int, *, text: str = "", calls: Sequence[Call] = ()) -> None:
        """Have the model say and call this."""
        called = [
            {
                "id": f"call-{number}-{place}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(words)},
            }
            for place, (name, words) in enumerate(calls)
        ]
        message = {"role": "assistant", "content": text or None} | ({"tool_calls": called} if called else {})
        _put(self.folder / f"{number}.answer.json", message)

    def conversations(self) -> list[list[int]]:
        """The numbers of the requests of each: one in which the model has not spoken begins another."""
        talks: list[list[int]] = []
        for number in self.numbers():
            if len(self.read_news(number)) == len(self.request(number)["messages"]):
                talks.append([])
            talks[-1].append(number)
        return talks


def _put(file: Path, value: Any) -> None:
    part = file.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1), encoding="utf-8")
    part.rename(file)


def _count_tokens(value: Any) -> int:
    return round(len(json.dumps(value)) / _BYTES_OF_A_TOKEN)


def _completion(number: int, message: Mapping[str, Any], read: int, written: int) -> dict[str, Any]:
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if message.get("tool_calls") else "stop"}
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return {"id": str(number), "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage}


@contextmanager
def serve_letterbox(letterbox: Letterbox, port: int = 0) -> Iterator[str]:
    """The address at which it answers meanwhile."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path != "/v1/chat/completions":
                self.send_error(404)
                return
            completion = letterbox.deliver(body)
            reply = json.dumps(completion or {"error": {"message": "nobody answered"}}).encode()
            self.send_response(504 if completion is None else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    letterbox.folder.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def render_conversations(letterbox: Letterbox) -> str:
    """Each call with its words and the beginning of what it came to, and how many of the calls only read."""
    parts, calls = [], list[str]()
    for place, talk in enumerate(letterbox.conversations(), 1):
        parts.append(f"## Conversation {place}\n\nIt is asked: `{_facts(letterbox.read_news(talk[0]))}`")
        for number, following in itertools.zip_longest(talk, talk[1:]):
            results = letterbox.read_news(following) if following else []
            parts += _render_answer(letterbox, number, results, calls)
    share = sum(name in _READS for name in calls)
    return "\n\n".join([*parts, f"Calls: {len(calls)}, of which {share} read."]) + "\n"


def _facts(messages: Sequence[Mapping[str, Any]]) -> str:
    """What a conversation is opened with besides texts that are always the same."""
    return str(messages[-1]["content"]).rpartition("\n")[2]


def _render_answer(
    letterbox: Letterbox, number: int, results: Sequence[Mapping[str, Any]], calls: list[str]
) -> Iterator[str]:
    file = letterbox.folder / f"{number}.answer.json"
    if not file.exists():
        yield "Nobody answered."
        return
    message, at = json.loads(file.read_text(encoding="utf-8")), datetime.fromtimestamp(file.stat().st_mtime, UTC)
    if message["content"]:
        yield f"### {at:%H:%M:%S} it says\n\n{message['content']}"
    answers = {result["tool_call_id"]: result["content"] for result in results if result["role"] == "tool"}
    for call in message.get("tool_calls", ()):
        name, words = call["function"]["name"], json.loads(call["function"]["arguments"])
        calls.append(name)
        answer = answers.get(call["id"], "it was not told, since the conversation ended")
        more = f" … ({len(answer):,} characters)" if len(answer) > _SHOWN else ""
        yield f"### {at:%H:%M:%S} `{name}`\n\n{_render_words(words)}\n\n```json\n{answer[:_SHOWN]}{more}\n```"


def _render_words(words: Mapping[str, Any]) -> str:
    """As JSON; a text of many lines by itself."""
    long = {name: value for name, value in words.items() if isinstance(value, str) and value.count("\n") > 1}
    brief = {name: "below" if name in long else value for name, value in words.items()}
    blocks = [f"```\n{value.rstrip()}\n```" for value in long.values()]
    return "\n\n".join([f"```json\n{json.dumps(brief, ensure_ascii=False)}\n```", *blocks])
