"""What tools cost: bytes of the list that each client loads, and CPU of a call, within the laboratory's process.

Calls go through the protocol's own client in the same process, in both eras; a command goes through the gate, with its
row in the audit, under a key of its own. Each in rounds, one after the other.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.pop(0)  # this folder, in which this very file would be taken for the package `mcp`
sys.path += [str(Path(__file__).resolve().parents[2] / folder) for folder in ("tests", "tests/support")]

import anyio
from mcp.client.client import Client
from mcp_lab import ERAS, McpLab, opened, served
from tiny_labs import empty_lab, prepared_in

from axiom.mcp import tools
from axiom.mcp.server import described
from axiom.service.mcp_local_access import TokenDesk

MOST_BYTES, MOST_MS = 16_000, 5.0
ROUNDS, CALLS = 7, 30
WORDS: dict[str, Callable[[int], dict[str, Any]]] = {
    "guide_show": lambda _: {"part": "controls"},
    "finding_list": lambda _: {},
    "finding_show": lambda _: {"number": 1},
    "finding_note": lambda number: {
        "finding": 1,
        "text": f"A note with the key {chr(97 + number % 26)}",
        "key": str(number),
    },
}


def main() -> int:
    """0 when the list has at most 16 kB, and a command's call costs at most 5 ms of CPU."""
    whole = _list()
    with tempfile.TemporaryDirectory(prefix="mcp-") as name:
        folder = Path(name)
        with opened(empty_lab(folder / "lab"), prepared_in(folder)) as lab:
            most = _measure(lab)
    return int(most > MOST_MS or whole > MOST_BYTES)


def _list() -> int:
    every = [described(tool).model_dump(mode="json", by_alias=True, exclude_none=True) for tool in tools.TOOLS]
    whole = len(json.dumps(every))
    print(f"{len(every)} tools, {whole:,} bytes (at most {MOST_BYTES:,})")
    return whole


def _measure(lab: McpLab) -> float:
    """CPU of calls; returned is that of a command in the dearer era."""
    desk = lab.desk("bench", limits={"finding.note": 1e6})
    costs: dict[tuple[str, str], list[float]] = {(name, era): [] for name in WORDS for era in ERAS}
    number = 0
    for _ in range(ROUNDS):
        for (name, era), spent in costs.items():
            words = [WORDS[name](number + place) for place in range(CALLS)]
            number += CALLS
            spent.append(1_000 * anyio.run(_cost, desk, name, era, words) / CALLS)
    for (name, era), spent in costs.items():
        print(f"{name.ljust(14)} {era.ljust(12)} {statistics.median(spent):6.2f} ms of CPU")
    return max(statistics.median(costs["finding_note", era]) for era in ERAS)


async def _cost(desk: TokenDesk, name: str, era: str, words: list[dict[str, Any]]) -> float:
    async with Client(served(desk), mode=era) as client:
        await client.call_tool(name, words[0])
        before = time.process_time()
        for arguments in words:
            result = await client.call_tool(name, arguments)
            if result.is_error:
                raise SystemExit(f"{name} was refused: {result.structured_content}")
        return time.process_time() - before


if __name__ == "__main__":
    sys.exit(main())
