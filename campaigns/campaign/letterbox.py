"""Puts somebody who thinks behind a language model's address: requests are files, and so are their answers.

    scripts/campaign letterbox serve FOLDER --port 18990      until Ctrl-C; says what axiom.toml needs
    scripts/campaign letterbox next FOLDER                    the oldest request without an answer: what is new in it
    scripts/campaign letterbox call FOLDER N TOOL WORDS …     answer it by calls; {"text": "@FILE"} is that file's text
    scripts/campaign letterbox say FOLDER N TEXT              answer it by words alone, which ends the conversation
    scripts/campaign letterbox tell FOLDER                    all conversations as Markdown, and how many calls read

With it `axiom pi --pi scientist` can be tried on anybody who knows the tools alone. It ends with 0 unless a request was
awaited and none came.
"""

import argparse
import contextlib
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

from model_letterbox import MODEL, Letterbox, render_conversations, serve_letterbox

_SETTINGS = """\
model_address = "{address}"
model_protocol = "chat"
model_name = "{name}"
"""
_LOOK = 0.5  # seconds between two looks for a request


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["serve", "next", "call", "say", "tell"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--wait", type=float, default=240.0)
    chosen = parser.parse_args(words)
    letterbox = Letterbox(folder=chosen.folder)
    match chosen.what:
        case "serve":
            return _serve(letterbox, chosen.port)
        case "next":
            return _show_next(letterbox, chosen.wait)
        case "say":
            letterbox.reply(int(chosen.words[0]), text=chosen.words[1])
        case "call":
            pairs = zip(chosen.words[1::2], chosen.words[2::2], strict=True)
            letterbox.reply(int(chosen.words[0]), calls=[(name, _read_words(text)) for name, text in pairs])
        case "tell":
            print(render_conversations(letterbox), end="")
    return 0


def _serve(letterbox: Letterbox, port: int) -> int:
    with serve_letterbox(letterbox, port) as address, contextlib.suppress(KeyboardInterrupt):
        print(_SETTINGS.format(address=address, name=MODEL), flush=True)
        threading.Event().wait()
    return 0


def _show_next(letterbox: Letterbox, seconds: float) -> int:
    until = time.monotonic() + seconds
    while not (waiting := letterbox.list_open()):
        if time.monotonic() > until:
            return 1
        time.sleep(_LOOK)
    print(f"request {waiting[0]}")
    for message in letterbox.read_news(waiting[0]):
        print(f"--- {message['role']}\n{message['content']}")
    return 0


def _read_words(text: str) -> dict[str, Any]:
    words: dict[str, Any] = json.loads(text)
    is_file = {name: isinstance(value, str) and value.startswith("@") for name, value in words.items()}
    return {name: Path(value[1:]).read_text() if is_file[name] else value for name, value in words.items()}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
