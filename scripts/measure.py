"""What `scripts/bench` and `scripts/campaign` do: list what can be measured, run it, and write down how it went."""

import contextlib
import difflib
import json
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MEASUREMENTS = ROOT / "docs" / "measurements"
SCORECARD = ROOT / "src" / "axiom" / "reads" / "honesty.json"  # of the site: how often we were wrong
_SCORED = re.compile(
    r"\s*scorecard: (?P<name>\S+) +(?P<share>[\d.]+) % \[ *(?P<low>[\d.]+), *(?P<high>[\d.]+)\]"
    r" of (?P<trials>[\d,]+)(?:, at most (?P<most>[\d.]+) %)?"
)
# Where programs find what they share with each other, and with tests.
_SHARED = (
    "campaigns",
    "campaigns/parts",
    "campaigns/tests",
    "tests/support",
    "tests/preflight",
    "scripts",
)
_OWN_SECONDS = 90.0  # that a program has to end by a Ctrl-C which it got itself


def programs_of(kind: str) -> dict[str, Path]:
    """The programs of one kind by name."""
    folder = ROOT / "campaigns" / kind
    return {path.stem: path for path in sorted(folder.iterdir()) if path.suffix in {".py", ".sh"}}


def purpose(program: Path) -> str:
    """The first line in which a program says what it is for."""
    for line in program.read_text(encoding="utf-8").splitlines():
        words = line.strip("#\"' ")
        if words and not words.startswith("!"):
            return words
    return ""


def host() -> str:
    """What was measured on, as a Markdown list."""
    cpu = next((line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), "")
    return "\n".join(
        (
            f"- cores: {os.cpu_count()}, {cpu or platform.processor() or platform.machine()}",
            f"- system: {platform.system()} {platform.release()}, Python {platform.python_version()}",
        )
    )


def run(program: Path, arguments: Sequence[str], record: Path | None, command: str) -> int:
    """Run one program with its arguments, show what it says, keep its exit status, and write it down if asked."""
    start = [sys.executable, str(program)] if program.suffix == ".py" else ["/bin/sh", str(program)]
    shared = [str(ROOT / folder) for folder in _SHARED] + [path for path in [os.environ.get("PYTHONPATH")] if path]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(shared)}
    if record is None:
        with subprocess.Popen([*start, *arguments], cwd=ROOT, env=environment) as shown:
            return _ended(shown)
    began, load = datetime.now(UTC), os.getloadavg()[0]
    lines = []
    with subprocess.Popen(
        [*start, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    facts = (
        host(),
        f"- load before and after: {load:.2f}, {os.getloadavg()[0]:.2f}",
        f"- began: {began:%Y-%m-%d %H:%M} UTC",
        f"- exit status: {process.returncode}{'' if process.returncode else ' (every figure held)'}",
    )
    words = _without_places("".join(lines))
    missed = "".join(f"**{line.strip()}**\n\n" for line in lines if process.returncode and line.startswith("MISSED: "))
    text = f"# {record.stem}\n\n{missed}{purpose(program)}\n\n" + "\n".join(facts)
    record.write_text(f"{text}\n\n```text\n$ {command}\n{words}```\n", encoding="utf-8")
    keep_scores(words, record.stem, command, began)
    print(f"Written: {record.relative_to(ROOT)}", file=sys.stderr)
    return process.returncode


def keep_scores(words: str, record: str, command: str, began: datetime) -> None:
    """Put the worst that a record says of each promise into the scorecard, in the place of what it said before."""
    scores = sorted(filter(None, map(_SCORED.fullmatch, words.splitlines())), key=lambda score: float(score["share"]))
    if not scores:
        return
    rows = [row for row in json.loads(SCORECARD.read_text(encoding="utf-8")) if row["record"] != record]
    for score in {score["name"]: score for score in scores}.values():
        share, low, high = (round(float(score[part]) / 100, 6) for part in ("share", "low", "high"))
        rows.append(
            {
                "name": score["name"],
                "share": share,
                "interval": [low, high],
                "trials": int(score["trials"].replace(",", "")),
                "at_most": float(score["most"]) / 100 if score["most"] else None,
                "record": record,
                "command": command,
                "day": f"{began:%Y-%m-%d}",
            }
        )
    rows.sort(key=lambda row: (row["record"], row["name"]))
    SCORECARD.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def main(kind: str, arguments: Sequence[str]) -> int:
    """Without a name, list; with one, run."""
    programs = programs_of(kind)
    if not arguments or arguments[0] in {"--help", "-h"}:
        print(f"scripts/{kind} NAME [--record] [arguments]; --record writes docs/measurements/NAME.md")
        print("--record=OTHER writes OTHER.md: of a part, whose record must not take the place of the whole one's\n")
        wide = max(map(len, programs), default=0)
        for name, program in programs.items():
            print(f"{name:<{wide}} {purpose(program)}")
        return 0
    beginning, *rest = arguments
    begun = [name for name in programs if name.startswith(beginning)]
    name = begun[0] if len(begun) == 1 else beginning  # the beginning of one name alone is enough
    if name not in programs:
        near = difflib.get_close_matches(name, programs, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(programs) or 'none'}."
        print(f"scripts/{kind} has no {name!r}. {hint} Nothing was run.", file=sys.stderr)
        return 2
    options = [argument for argument in rest if argument.partition("=")[0] == "--record"]
    record = MEASUREMENTS / f"{options[-1].partition('=')[2] or name}.md" if options else None
    kept = [argument for argument in rest if argument not in options]
    return run(programs[name], kept, record, " ".join([f"scripts/{kind}", name, *rest]))


def _ended(process: "subprocess.Popen[bytes]") -> int:
    """Its exit status. At a terminal a Ctrl-C reaches it as well; where it was meant for us alone, we hand it on."""
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                return process.wait(_OWN_SECONDS)
            process.send_signal(signal.SIGINT)


def _without_places(text: str) -> str:
    """What was said, without where on this computer it was: of a folder only its own name is left."""
    for place in (str(ROOT), str(Path.home()), tempfile.gettempdir()):
        text = text.replace(f"{place}/", "")
    return text


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
