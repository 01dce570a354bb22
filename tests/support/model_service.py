"""A service of language models on this computer that speaks both protocols and makes every mistake it is told to."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Play:
    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    says_length: int | None = None  # other than the body has
    drop: bool = False  # close the connection without a word
    wait: float = 0.0  # seconds before the first word
    pause: float = 0.0  # and before each kilobyte


@dataclass
class ModelService:
    address: str
    play: Callable[[dict[str, Any]], Play]
    requests: list[tuple[dict[str, str], dict[str, Any]]] = field(default_factory=list)  # headers and bodies


@contextmanager
def model_service(play: Callable[[dict[str, Any]], Play]) -> Iterator[ModelService]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if self.path not in {"/v1/messages", "/v1/chat/completions"}:
                self.send_error(404)
                return
            service.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            said = service.play(body)
            if said.drop:
                self.close_connection = True
                return
            time.sleep(said.wait)
            self.send_response_only(said.status)
            length = len(said.body) if said.says_length is None else said.says_length
            self.send_header("content-length", str(length))
            self.send_header("content-type", "application/json")
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.close_connection = length != len(said.body)
            try:
                self.end_headers()
                for start in range(0, len(said.body), 1024 if said.pause else 2**20):
                    time.sleep(said.pause)
                    self.wfile.write(said.body[start : start + (1024 if said.pause else 2**20)])
            except OSError:  # who asked is gone
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            """It says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Who asked is gone."""

    server = Server(("127.0.0.1", 0), Handler)
    service = ModelService(address=f"http://127.0.0.1:{server.server_port}", play=play)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def messages_body(*, text: str = "hello", calls: Any = (), stop: str = "end_turn", **changes: Any) -> dict[str, Any]:
    """An answer in the Messages protocol; calls are (id, name, words)."""
    content = [{"type": "text", "text": text}] if text else []
    content += [{"type": "tool_use", "id": id_, "name": name, "input": words} for id_, name, words in calls]
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-of-a-test",
        "content": content,
        "stop_reason": stop,
        "usage": {"input_tokens": 12, "output_tokens": 5, "cache_read_input_tokens": 3},
    }
    return answer | changes


def chat_body(*, text: str | None = "hello", calls: Any = (), stop: str = "stop", **changes: Any) -> dict[str, Any]:
    """An answer in Chat Completions; what a call says is a text that should be JSON."""
    message: dict[str, Any] = {"role": "assistant", "content": text}
    if calls:
        message["tool_calls"] = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": words}}
            for id_, name, words in calls
        ]
    answer = {
        "id": "chat_1",
        "object": "chat.completion",
        "model": "gpt-of-a-test",
        "choices": [{"index": 0, "message": message, "finish_reason": stop}],
        "usage": {"prompt_tokens": 15, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 3}},
    }
    return answer | changes


def played(body: Any, **more: Any) -> Play:
    return Play(body=body if isinstance(body, bytes) else json.dumps(body).encode(), **more)
