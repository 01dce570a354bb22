"""Kills everything at random moments while work flows, starts it again by the same command, and checks every promise.

Each round: start `axiom lab`, wait until it serves, let it work for a random while with commands coming in, then
`kill -9` (in even rounds every process at once, in odd ones the server alone, whose runners must then end by
themselves), look for orphans, check all invariants on what is left. A round also counts against us when a result or a
command that was acknowledged before is gone after; and so do all together when one in a hundred takes more than ten
seconds to serve again.

A program with a token publishes, proposes and notes all the while, in turns through the API and through MCP. It keeps
its key until it is answered, in the next life if it must, and then says the same once more through the other door:
nothing may be done twice, and the answer must be the first one.
"""

import argparse
import functools
import itertools
import json
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from loadgen.laboratory import AXIOM, Laboratory
from loadgen.processes import descendants, kill
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from programs_lab import OWN_SUM

from axiom.errors import AxiomError, CannotStart
from axiom.gate.client import ApiClient, SocketClient
from axiom.laboratory.experiments.commands.deploy import DeployExperiment
from axiom.laboratory.tasks.commands import CancelWorkunits

SERVING_SECONDS = 10.0
LIMIT = """The limit for serving again was 3 s; on 25 November 2026, at a load of 7, 3.42 s in the median and 7.16 s in
one of a hundred were measured. It went because nobody loses anything by then: a BOINC client that got no answer asks
again after a minute at the earliest, and a reader has the page when it is loaded once more. The price: a reader may see
none for four seconds longer."""
ORPHAN_SECONDS = 2.0
LOOKED_SECONDS = 20.0  # for a process that is not gone, or a page
STOPPING_SECONDS = 60.0
ADVANCE_SECONDS = 60.0  # within which every task that was in progress comes further
_RESULTS = "SELECT task_id, replicate, config FROM result"
_DONE = "SELECT command, key FROM audit WHERE caller = 'program:ada' AND outcome = 'done'"
_PROPOSED = "SELECT id FROM proposal WHERE json_extract(body, '$.author') = 'program:ada'"
_DRAFTED = "SELECT id FROM draft WHERE author = 'program:ada'"
_KEYS = "SELECT key FROM audit WHERE key IS NOT NULL"
# Of a version whose tasks failed nothing is given, not even again to a host that lost it. Here two do where lives end
# before a first cell does: a task that began three times and never came further is given up.
_HALTED = "SELECT experiment_id FROM release WHERE change = 'halted'"
_PAUSE_SECONDS = 0.15  # between two commands, each given twice: a program may ask 20 times a second
LIMITS = ("open_proposals", "core_hours_per_day", "core_hours_open", "proposal.make", "draft.write")
SIZES = json.dumps([{"size": 1}, {"size": 2}])
QUESTION = {
    "question": "Is the smaller one larger?",
    "motivation": "Nobody has asked it at these two sizes.",
    "rival": "The total grows with the size.",
    "rival_low": -9.0,
    "rival_high": -0.5,
    "configs": SIZES,
    "between": SIZES,
    "kind": "contrast",
    "across": "",
    "null": 0.0,
    "smallest": 0.1,
    "expects": "+",
    "positive": 0.7,
    "negative": 0.2,
    "absent": 0.1,
    "low": 0.1,
    "high": 2.0,
    "because": "it is known",
    "if_positive": "Size hurts.",
    "if_absent": "Size does not matter.",
    "if_negative": "Size helps.",
    "replicates": 8,
}
Door = Callable[[str, dict[str, Any], str], dict[str, Any]]
COMMANDS_PAUSE = 0.02  # seconds between two commands, so that the machine also computes


@dataclass(kw_only=True)
class Tally:
    """What happened over all rounds."""

    serving: list[float] = field(default_factory=list)
    orphans: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    results: int = 0
    resumed: int = 0
    acknowledged: set[str] = field(default_factory=set)  # keys of commands that were answered


@dataclass(kw_only=True)
class ToldProgram:
    """A program that says one thing after the other, and the same again until it is answered."""

    folder: Path
    tally: Tally
    token: str = ""
    finding: int = 0
    commands: int = 0  # commands that were answered twice
    lost: int = 0  # that were done in a life which ended before it answered

    def talk(self, address: str, killed: threading.Event) -> None:
        """Speak until nobody answers; that is amiss unless the laboratory was killed."""
        doors = [self._by_api, self._by_mcp]
        try:
            if not self.finding:
                self._publish()
            while not killed.wait(_PAUSE_SECONDS):
                doors.reverse()
                self._say(*(functools.partial(door, address) for door in doors))
        except AxiomError as error:
            if error.exit_code != CannotStart.exit_code:
                self.tally.broken.append(f"the program was refused: {error}")
        except Exception as error:  # noqa: BLE001 - what clients raise of a server that dies is no short list
            if not killed.wait(LOOKED_SECONDS):
                self.tally.broken.append(f"the program got no answer from a laboratory that lives: {error!r}")

    def _say(self, first: Door, second: Door) -> None:
        """The next command, which is new or was cut off in the life before; then the very same once more."""
        words: dict[str, object]
        if self.commands % 2:
            name, words = "draft.write", {"experiment": "own_sum", "text": f"{OWN_SUM}\n# {self.commands}\n"}
        else:
            name = "proposal.make"
            words = {**QUESTION, "finding": self.finding, "claim": f"the smaller is larger, says {self.commands}"}
            words["smallest"] = 0.2 + self.commands / 1e6  # else it would be the same question again
        key = f"ada-{self.commands}"
        answer = first(name, words, key)
        self.lost += "repeated" in answer and key not in self.tally.acknowledged
        self.tally.acknowledged.add(key)
        again = second(name, words, key)
        if again != {**answer, "repeated": True}:
            self.tally.broken.append(f"{name} with the key {key} was answered {answer}, and then {again}")
        self.commands += 1

    def _publish(self) -> None:
        """The program's own file, whose finding it then asks about."""
        self._by_api("", "experiment.publish", {"experiment": "own_sum", "text": OWN_SUM}, "ada-publishes")
        published = self._api("GET", "/api/experiments/own_sum")
        self.finding = published["experiment"]["findings"][0]["number"]

    def _by_api(self, _address: str, name: str, words: dict[str, Any], key: str) -> dict[str, Any]:
        headers = {"content-type": "application/json", "idempotency-key": key}
        return self._api("POST", f"/api/commands/{name}", json.dumps(words).encode(), headers)

    def _api(self, *request: Any) -> dict[str, Any]:
        return ApiClient(f"unix:{self.folder / 'programs.sock'}", self.token).ask(*request).answer()

    def _by_mcp(self, address: str, name: str, words: dict[str, Any], key: str) -> dict[str, Any]:
        arguments = {**words, "key": key, "dry_run": False}

        async def call() -> Any:
            async with create_mcp_http_client(headers={"Authorization": f"Bearer {self.token}"}) as client:
                door = streamable_http_client(f"{address}mcp", http_client=client)
                async with Client(door, mode="2026-07-28") as session:
                    return await session.call_tool(name.replace(".", "_"), arguments)

        result = anyio.run(call)
        if result.is_error:
            raise AxiomError(str(result.structured_content))
        answer: dict[str, Any] = result.structured_content
        return answer

    def doubled(self) -> list[str]:
        """What was done more than once, or is there more often than it was done."""
        done = stored_in(self.folder).rows(_DONE)
        commands = [command for command, _ in done]
        counts = ((_PROPOSED, "proposal.make"), (_DRAFTED, "draft.write"))
        odd = [
            f"{len(stored_in(self.folder).rows(sql))} rows of {commands.count(command)} {command}"
            for sql, command in counts
            if len(stored_in(self.folder).rows(sql)) != commands.count(command)
        ]
        keys = [key for _, key in done]
        return odd + [f"the key {key} was done twice" for key in sorted(set(keys)) if keys.count(key) > 1]


def main() -> int:
    """0 when every promise held in every round and serving again was quick enough."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=6.0, help="seconds of work before a kill, at most")
    parser.add_argument("--after", type=int, default=0, help="commands acknowledged in a life before that begins")
    parser.add_argument("--within", type=float, default=SERVING_SECONDS, help="seconds until it serves again (p99)")
    parser.add_argument("--gone", type=float, default=ORPHAN_SECONDS, help="seconds until every process is gone")
    wanted = parser.parse_args()
    moments = random.Random(wanted.seed)
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="axiom-kill-") as name:
        folder = Path(name) / "lab"
        program = prepare(folder, tally)
        for number in range(wanted.kills):
            one_round(folder, number, wanted.after, moments.uniform(0.0, wanted.longest), tally, program)
        finish(folder, tally)
        if tally.broken:
            shutil.copytree(folder, Path.cwd() / "kill-broken", dirs_exist_ok=True, ignore=_sockets)
    return conclude(wanted, tally, program)


def prepare(folder: Path, tally: Tally) -> ToldProgram:
    """A laboratory whose tasks are short, so that a kill meets every stage of their life."""
    subprocess.run([AXIOM, "init", folder, "--port", "0", "--quiet"], check=True)
    with (folder / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\nqueue_per_core = 6\nmcp = true\n")
    words = itertools.chain.from_iterable(("--limit", f"{name}=1000000") for name in LIMITS)
    admitted = stored_in(folder).ask("program", "add", "ada", "--may", "operate", *words)
    return ToldProgram(folder=folder, tally=tally, token=admitted["program"]["token"])


def one_round(folder: Path, number: int, least: int, work: float, tally: Tally, program: ToldProgram) -> None:
    """Start, work, kill, look."""
    before = stored(folder) if number else set[tuple[int, int, int]]()
    process, address, serving = start(folder)
    tally.serving.append(serving)
    killed = threading.Event()
    speakers = [
        threading.Thread(target=talk, args=(folder, number, tally.acknowledged)),
        threading.Thread(target=program.talk, args=(address, killed)),
    ]
    had = len(tally.acknowledged)
    for speaker in speakers:
        speaker.start()
    while len(tally.acknowledged) < had + least and process.poll() is None:
        time.sleep(0.05)
    time.sleep(work)
    family = [process.pid, *descendants(process.pid)]
    for pid in family if number % 2 == 0 else family[:1]:
        kill(pid)
    killed.set()
    process.communicate()
    for speaker in speakers:
        speaker.join()
    tally.orphans.append(until_gone(family))
    after = stored(folder)
    if not before <= after:
        tally.broken.append(f"round {number}: {len(before - after)} stored results are gone")
    if lost := tally.acknowledged - remembered(folder):
        tally.broken.append(f"round {number}: {len(lost)} acknowledged commands are gone")
    tally.broken += [f"round {number}: {problem}" for problem in promises(folder)]
    tally.broken += [f"round {number}: {problem}" for problem in program.doubled()]
    tally.results = len(after)
    if number % 10 == 9:
        print(f"{number + 1} kills: {tally.results} results, {len(tally.broken)} promises broken", flush=True)


def talk(folder: Path, number: int, acknowledged: set[str]) -> None:
    """Order and cancel through the socket until nobody answers any more, noting what was acknowledged."""
    remote = SocketClient(folder / "axiom.sock")
    for turn in range(1_000_000):
        key = f"{number}-{turn}"
        try:
            made = remote.submit(DeployExperiment(experiment="test_deploy", workunits=1), key=key)
            acknowledged.add(key)
            remote.submit(CancelWorkunits(workunits=[made["first"]]), key=f"{key}-cancel")
            acknowledged.add(f"{key}-cancel")
        except AxiomError as error:
            if error.exit_code == 5:
                return
            time.sleep(0.1)  # the experiment is not published yet
        time.sleep(COMMANDS_PAUSE)


def finish(folder: Path, tally: Tally) -> None:
    """After the last kill, the same command must bring what was in progress to its end, and stop on Ctrl-C."""
    halted = {int(number) for (number,) in stored_in(folder).rows(_HALTED)}
    out = {task["id"] for task in listed(folder, "task", "sent") if task["experiment_id"] not in halted}
    process, _, _ = start(folder)
    left = not_gone_on(folder, out)
    tally.resumed = len(out) - len(left)
    if left:
        tally.broken.append(f"after the last start, tasks {sorted(left)} did not go on for {ADVANCE_SECONDS:.0f} s")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=STOPPING_SECONDS)
    if process.returncode != 130:
        tally.broken.append(f"Ctrl-C ended with {process.returncode}, not 130")
    tally.broken += [f"after a clean stop: {problem}" for problem in promises(folder)]


def not_gone_on(folder: Path, out: set[int]) -> set[int]:
    """Those of the tasks that neither ended nor came further for a while. One may take minutes: cells differ."""
    shares: dict[int, float] = {}
    until = time.monotonic() + ADVANCE_SECONDS
    while (left := out & {task["id"] for task in listed(folder, "task", "sent")}) and time.monotonic() < until:
        progress = {row["task"]: row["progress"] for row in stored_in(folder).ask("status")["status"]["computing"]}
        now = {task: progress[task] for task in left & progress.keys()}
        if now != shares:
            shares, until = now, time.monotonic() + ADVANCE_SECONDS
        time.sleep(0.5)
    return left


def start(folder: Path) -> tuple[subprocess.Popen[str], str, float]:
    """Start the laboratory; returns after it has answered, with its address and the seconds that took."""
    began = time.monotonic()
    process = subprocess.Popen(
        [AXIOM, "lab", "--data", folder, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    address = process.stdout.readline().strip() if process.stdout else ""
    if not address:
        raise SystemExit(f"the laboratory did not start: exit status {process.wait()}")
    with urllib.request.urlopen(f"{address}status.json", timeout=LOOKED_SECONDS) as answer:  # noqa: S310 - our own address
        json.load(answer)
    return process, address, time.monotonic() - began


def promises(folder: Path) -> list[str]:
    """What `axiom doctor --invariants` finds broken."""
    answer = stored_in(folder).ask("doctor", "--invariants")
    return [f"{finding['name']}: {finding['says']}" for finding in answer["doctor"]["findings"] if not finding["well"]]


def stored_in(folder: Path) -> Laboratory:
    """What asks this laboratory by its command line and its database, wherever it serves."""
    return Laboratory(folder=folder, port=0)


def stored(folder: Path) -> set[tuple[int, int, int]]:
    """Every result as (task, replicate, config), through a reader of its own."""
    return {(int(task), int(number), int(config)) for task, number, config in stored_in(folder).rows(_RESULTS)}


def remembered(folder: Path) -> set[str]:
    """The keys of all commands in the audit."""
    return {str(key) for (key,) in stored_in(folder).rows(_KEYS)}


def listed(folder: Path, noun: str, state: str) -> list[dict[str, Any]]:
    """Things of one state."""
    rows: list[dict[str, Any]] = stored_in(folder).ask(noun, "list", "--state", state)[f"{noun}s"]
    return rows


def until_gone(family: list[int]) -> float:
    """Seconds until none of these is left, or LOOKED_SECONDS."""
    began = time.monotonic()
    while any(alive(pid) for pid in family) and time.monotonic() - began < LOOKED_SECONDS:
        time.sleep(0.01)
    return time.monotonic() - began


def alive(pid: int) -> bool:
    """Is it there, and not merely waiting to be buried?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def conclude(wanted: argparse.Namespace, tally: Tally, program: ToldProgram) -> int:
    """Say how it went. Where no command was acknowledged, nothing was put to the test."""
    ordered = sorted(tally.serving)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    print(f"kills                        {wanted.kills} (seed {wanted.seed})")
    print(f"promises broken              {len(tally.broken)}")
    print(f"commands acknowledged        {len(tally.acknowledged)}")
    print(
        f"by a program, each twice     {program.commands}, {program.lost} done in a life that ended before its answer"
    )
    print(f"results stored               {tally.results}")
    print(f"tasks gone on after the last {tally.resumed}")
    print(f"serving again, median / p99  {statistics.median(ordered):.2f} s / {p99:.2f} s (at most {wanted.within})")
    print(f"processes gone, longest      {max(tally.orphans):.2f} s (at most {wanted.gone})")
    print(LIMIT)
    for problem in tally.broken[:20]:
        print(problem)
    is_slow = p99 > wanted.within or max(tally.orphans) > wanted.gone
    return int(bool(tally.broken) or is_slow or not tally.acknowledged or program.commands < 2)


def _sockets(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.endswith(".sock")]


if __name__ == "__main__":
    sys.exit(main())
