"""The process that draws: `python -m axiom_weigh.figures.worker [PARENT]`, one JSON line in, one JSON line out.

In comes a request as data, with `pdf` where one is wanted; out goes its name with the SVG, the PNG and the PDF, or with
what was wrong with it. The process ends when nobody asks any more, and within a second or two of its parent's end,
whatever it is doing then.
"""

import base64
import json
import os
import sys
import threading
import time
from typing import Any

_LOOK_EVERY = 0.5  # seconds between two looks at whether the parent is there


def main() -> None:
    """Answer every line of the standard input, in order, until it ends."""
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else os.getppid()  # told, it cannot have changed before we looked
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    for line in sys.stdin.buffer:
        text = json.dumps(answer(line), ensure_ascii=False, separators=(",", ":")) + "\n"
        rest = text.encode()
        while rest:
            rest = rest[os.write(answers, rest) :]


def answer(line: bytes) -> dict[str, str]:
    """Return the answer to one line: a picture, or in words why there is none."""
    name = ""
    try:
        data: dict[str, Any] = json.loads(line)
        name = str(data["name"])
        return {"name": name, **_picture(data)}
    except Exception as fault:  # noqa: BLE001 - one bad picture must not cost the others their process
        return {"name": name, "error": f"{type(fault).__name__}: {fault}"}


def _picture(data: dict[str, Any]) -> dict[str, str]:
    from axiom_weigh.figures.render import (  # a second or so, in the first answer, whose fault can then be told
        pdf,
        picture,
    )
    from axiom_weigh.figures.requests import of_data

    wants_pdf = data.pop("pdf", False)
    svg, png = picture(of_data(data))
    drawn = {"svg": svg, "png": base64.b64encode(png).decode()}
    return {**drawn, "pdf": base64.b64encode(pdf(svg)).decode()} if wants_pdf else drawn


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(0)


if __name__ == "__main__":
    main()
