"""Plays a taken-over server, authors whose files are defective, and strangers who attack a site that runs.

The server is played in ten classes and by flips of single bits. It has every online key, its disk and its database,
and all that was ever published; root, bundle and code-signing keys are elsewhere. An attempt counts against us when
anything but the laboratory's own newest code is executed, or when it ends in another way than with a decoded refusal.
What is executed leaves a mark; that an attack which succeeds would be seen is shown first.

Each part of `tests/preflight/defects.patch` is one fault, beside the gate that must refuse it. A file
counts against us when another gate or none does; that the sound file passes is shown first. Lies about time have a
campaign of their own, `liars`.

The site is a laboratory as `axiom lab` starts it. Requests in six classes are sent to it in bytes; one counts against
us that leads to a host which the request names, is answered by more than one status line or by a fault, or tells who
has an account. Then each part of a request in which a stranger may write grows eightfold, and may not take many times
as long as that. At the end the site must answer and may not have grown beyond its memory, its log must tell of no
fault, and every promise must hold.
"""

import argparse
import functools
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import growing_requests
import strangers
from defects import DEFECTS, SOUND
from growing_requests import APART, MOST, growth
from loadgen.processes import memory_mb
from running_lab import axiom, running
from strangers import Site
from takeover import Attempt, Scene, known_home, play
from takeover_attempts import CLASSES, flipped

from axiom.laboratory.experiments import preflight

PACKAGE = Path(preflight.__file__).parents[2]
AT_ONCE = 8  # strangers who send requests
MEMORY_MB = 250  # that the server may take, however many requests there were


def main() -> int:
    """0 when no foreign byte was executed, and every flipped bit, defective file and bad request was refused."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--variants", type=int, default=1_000, help="attempts over the ten classes")
    parser.add_argument("--flips", type=int, default=100_000, help="single bits of bundle, seal, trust file and ticket")
    parser.add_argument("--requests", type=int, default=2_000, help="requests of strangers, over the six classes")
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    scene = Scene()
    with tempfile.TemporaryDirectory(prefix="attacks-", dir=_memory()) as name:
        folder = Path(name)
        home = known_home(scene, folder / "known")
        if not _is_seen(scene, folder / "success"):
            print("an attack that succeeds left no mark, so this campaign would prove nothing")
            return 1
        bad = _attack(scene, home, folder, wanted.variants, wanted.seed) + _try_files()
        bad += _ask_site(folder, wanted.requests, wanted.seed)
        return 1 if bad + _flip(scene, folder, wanted.flips, wanted.seed) else 0


def _memory() -> Path | None:
    """Where files cost no wait for a disk: nothing that is written here has to outlast anything."""
    place = Path("/dev/shm")  # noqa: S108  a folder of our own in it, with a name that nobody can foresee
    return place if place.is_dir() else None


def _is_seen(scene: Scene, folder: Path) -> bool:
    """With the bundle key the thief gets in."""
    seal = scene.seal(scene.sealed["evil"].archive, serial=4)
    files = {**scene.files("evil"), "bundle.seal": seal.text.encode()}
    return play(replace(scene.genuine(), files=files, words=scene.words(seal.seal)), folder).marks == {"evil"}


def _attack(scene: Scene, home: Path, folder: Path, variants: int, seed: int) -> int:
    problems, names, tried, longest = [], set(), Counter[str](), 0.0
    for number in range(variants):
        attempt = CLASSES[number % len(CLASSES)](scene, random.Random(f"{seed} {number}"))
        problem, seconds = _play_in(attempt, folder, home)
        tried[attempt.kind] += 1
        names.add((attempt.kind, attempt.name))
        longest = max(longest, seconds if not attempt.harmless else 0.0)
        problems += [f"{attempt.kind}, {attempt.name}: {problem}"] if problem else []
    for kind, amount in sorted(tried.items()):
        print(f"{kind:<28}{amount} attempts")
    print(f"{'different by name':<28}{len(names)}")
    print(f"{'longest until refused':<28}{longest:.2f} s (at most 5)")
    print(f"{'executed or not refused':<28}{len(problems)} of {variants} (at most 0)")
    print("".join(f"  {problem}\n" for problem in problems[:20]), end="")
    return len(problems) + (longest > 5)


def _try_files() -> int:
    """How many defective files no gate refuses, or another one than should."""
    if not (sound := preflight.preflight_file(PACKAGE, SOUND, patience=2.0).judged).passed:
        print(f"the sound file does not pass: {sound.reason}")
        return 1
    refused, problems = Counter[str](), []
    for defect in DEFECTS:
        with tempfile.TemporaryDirectory() as folder:
            judged = preflight.preflight_file(PACKAGE, defect.write(Path(folder)), patience=2.0).judged
        refused[defect.gate] += judged.failed == defect.gate
        if judged.failed != defect.gate:
            problems.append(f"{defect.name}: {judged.failed or 'no gate'} instead of {defect.gate}")
    for gate, amount in sorted(refused.items()):
        print(f"{f'files that {gate} must refuse':<28}{amount} refused")
    print(f"{'files not refused so':<28}{len(problems)} of {len(problems) + refused.total()} (at most 0)")
    print("".join(f"  {problem}\n" for problem in problems), end="", flush=True)
    return len(problems)


def _ask_site(folder: Path, requests: int, seed: int) -> int:
    """How many requests are answered amiss, and what else is wrong with the site afterwards."""
    tried, problems, longest = Counter[str](), [], 0.0
    with running(folder / "lab", "--workers", "0", "--no-pi") as lab:
        address = urlsplit(lab.address)
        site = Site(host=address.hostname or "", port=address.port or 0)
        if not site.open_account():
            print("no account could be opened, so guesses at it would prove nothing")
            return 1
        at_start = memory_mb(lab.process.pid)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            for kind, problem, seconds in threads.map(functools.partial(_ask, site, seed), range(requests)):
                longest = max(longest, seconds)
                tried[kind] += 1
                problems += [f"{kind}: {problem}"] if problem else []
        growing = {
            name: growth(site, lab.process.pid, most, sized) for name, most, sized in growing_requests.requests()
        }
        problems += [f"{times:.0f} x for {APART} x of {name}" for name, times in growing.items() if times > MOST]
        at_end = memory_mb(lab.process.pid)
        problems += [f"{at_end:.0f} MB of memory are not given back"] if at_end > MEMORY_MB else []
        problems += [] if lab.page("status.json") else ["the site does not answer any more"]
        lab.stop()
    log = (folder / "lab" / "logs" / "axiom.log").read_text()
    problems += [line for line in log.splitlines() if "Traceback" in line or " ERROR " in line]
    problems += [] if axiom("doctor", "--invariants", data=folder / "lab").returncode == 0 else ["a promise is broken"]
    for kind, amount in sorted(tried.items()):
        print(f"{kind:<28}{amount} requests")
    print(
        f"{'growing requests':<28}{len(growing)} shapes, at most {max(growing.values()):.1f} x for {APART} x the bytes"
    )
    print(f"{'memory of the server':<28}{at_start:.0f} MB at first, {at_end:.0f} at the end (at most {MEMORY_MB})")
    print(f"{'longest until answered':<28}{longest:.2f} s")
    print(f"{'answered amiss':<28}{len(problems)} of {requests} (at most 0)")
    print("".join(f"  {problem}\n" for problem in problems[:20]), end="", flush=True)
    return len(problems)


def _ask(site: Site, seed: int, number: int) -> tuple[str, str, float]:
    """What kind of request it was, what is wrong with the answer, and how long that took."""
    request = strangers.CLASSES[number % len(strangers.CLASSES)](random.Random(f"{seed} {number}"))
    began = time.perf_counter()
    problem = strangers.play(site, request)
    return request.kind, problem, time.perf_counter() - began


def _flip(scene: Scene, folder: Path, flips: int, seed: int) -> int:
    dice, problems, times = random.Random(seed), [], []
    for number in range(flips):
        attempt = flipped(scene, dice)
        problem, seconds = _play_in(attempt, folder, None)
        times.append(seconds)
        problems += [f"{attempt.name}: {problem}"] if problem else []
        if (number + 1) % 20_000 == 0:
            print(f"{number + 1} flips: {len(problems)} not refused", flush=True)
    print(f"{'flips not refused':<28}{len(problems)} of {flips} (at most 0)")
    if times:
        print(f"{'median until refused':<28}{1000 * statistics.median(times):.1f} ms")
    print("".join(f"  {problem}\n" for problem in problems[:20]), end="")
    return len(problems)


def _play_in(attempt: Attempt, folder: Path, home: Path | None) -> tuple[str, float]:
    place = folder / "host"
    began = time.perf_counter()
    problem = play(attempt, place, home).problem(attempt)
    seconds = time.perf_counter() - began
    shutil.rmtree(place)
    return problem, seconds


if __name__ == "__main__":
    sys.exit(main())
