"""The HTTP client of both SDKs: it tells nothing of this computer, follows nobody, and reads no more than it should.

And what comes of one attempt: text, or one of our errors.
"""

import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import urlsplit

from axiom.errors import AnswerUnreadable, ModelBusy, ModelError, ModelLost, RequestRejected
from axiom.limits import language_models as model_limits
from axiom.models.key import ModelKey

# All that a service has to know. The SDKs would also tell the system, the processor and the version of Python.
_HEADERS = frozenset(
    {"host", "authorization", "x-api-key", "anthropic-version", "content-type", "content-length", "connection"}
)
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TELLS_KEYS = (
    "anthropic",
    "openai",
    "httpx2",
    "httpcore2",
    "httpx",
    "httpcore",
)  # at debug they log headers and bodies


def is_on_this_computer(address: str) -> bool:
    """Does the service run on this computer?"""
    return urlsplit(address).hostname in _LOOPBACK


def http_client(address: str) -> Any:
    """A client for one SDK. httpx2 comes with both; nothing else of the program needs it."""
    import httpx2

    for name in _TELLS_KEYS:
        logging.getLogger(name).setLevel(logging.WARNING)

    class BoundedBody(httpx2.SyncByteStream):
        """A body that ends in time and is not too long."""

        def __init__(self, body: Any, until: float) -> None:
            self._body, self._until = body, until

        def __iter__(self) -> Iterator[bytes]:
            read = 0
            for chunk in self._body:
                read += len(chunk)
                if read > model_limits.ANSWER_BYTES or time.monotonic() > self._until:
                    raise httpx2.ReadError("the answer is too long or comes too slowly")
                yield chunk

        def close(self) -> None:
            self._body.close()

    def send_little(request: Any) -> None:
        for name in [name for name in request.headers if name.lower() not in _HEADERS]:
            del request.headers[name]
        request.headers["user-agent"] = "axiom"
        request.extensions["until"] = time.monotonic() + request.extensions["timeout"]["read"]

    def read_little(response: Any) -> None:
        if response.headers.get("content-encoding", "identity") != "identity":  # we asked for none
            raise httpx2.ReadError("the answer is compressed, and could become too long")
        response.stream = BoundedBody(response.stream, response.request.extensions["until"])

    return httpx2.Client(
        limits=httpx2.Limits(max_keepalive_connections=0),  # minutes pass between two requests, and nothing stays open
        follow_redirects=False,  # the key goes to this address alone
        trust_env=not is_on_this_computer(address),  # what is here is not asked through a proxy
        event_hooks={"request": [send_little], "response": [read_little]},
    )


def post_to_model(client: Any, path: str, body: Mapping[str, Any], seconds: float, key: ModelKey) -> str:
    """Have an SDK send this once; the body of the answer, without the key. Whatever it raises becomes an error of ours.

    The body is read as it came: what an SDK makes of it, it does not check. A thread sends it, since neither the search
    for a name nor a header that comes byte by byte has an end of its own.
    """
    import httpx2

    came = SimpleQueue[bytes | Exception]()

    def send() -> None:
        try:
            answer = client.post(path, body=body, cast_to=httpx2.Response, options={"timeout": seconds})
            came.put(bytes(answer.content))
        except Exception as error:
            came.put(error)

    threading.Thread(target=send, name="model", daemon=True).start()
    try:
        content = came.get(timeout=seconds)
    except Empty:
        raise _silent(seconds) from None
    if isinstance(content, Exception):
        raise _ours(content, seconds, key)  # without a cause: what hangs on an SDK's error may hold the key
    try:
        return key.hide(content.decode())
    except UnicodeDecodeError:
        raise AnswerUnreadable(
            f"The model answered, and its body of {len(content):,} bytes is no text. Nothing of it was used."
        ) from None


def _silent(seconds: float) -> ModelLost:
    return ModelLost(
        f"The model's service was silent: it gave no answer within {seconds:,.0f} seconds. What it took is unknown; it "
        "counts in full."
    )


def _ours(error: Exception, seconds: float, key: ModelKey) -> ModelError:
    import httpx2

    response = getattr(error, "response", None)
    if isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout):
        detail = key.hide(str(error.__cause__))[:300]
        return ModelBusy(f"The model's service cannot be reached ({detail}), so it took nothing on.")
    if isinstance(error.__cause__, httpx2.TimeoutException):
        return _silent(seconds)
    if response is None:
        detail = key.hide(f"{type(error).__name__}: {error.__cause__ or error}")[:300]
        return ModelLost(f"The model's service broke off ({detail}). What it took is unknown; it counts in full.")
    status = int(response.status_code)
    detail = key.hide(_text(response))[:300]
    if status in {429, 529}:
        wait = retry_after(response.headers.get("retry-after", ""))
        return ModelBusy(
            f"The model's service was asked too much (status {status}: {detail}). It took nothing on.", wait
        )
    if status >= 500 or status == 408:
        return ModelLost(f"The model's service failed (status {status}: {detail}). What it took is unknown.")
    return RequestRejected(
        f"The model's service does not take this request (status {status}: {detail}). It is not sent again; see that "
        "address, name and key of the model are right, and that the conversation fits the model."
    )


def retry_after(text: str) -> float | None:
    """The seconds that a service wants to be left alone; nothing where it says anything else."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _text(response: Any) -> str:
    try:
        return str(response.text)
    except Exception:  # it was not read to its end, or is no text
        return "its reason cannot be read"
