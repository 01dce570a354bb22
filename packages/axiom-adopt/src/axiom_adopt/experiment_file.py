"""Writes an experiment's file from what was found in a plain script, and tells what a person has to do with it."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from axiom.domain.experiments import NAME
from axiom.errors import ExperimentError, Refused, WrongUse
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom_adopt.plain_scripts import PlainScript, read_plain_script
from axiom_adopt.script_levels import Factor
from axiom_adopt.script_measures import in_double_quotes
from axiom_adopt.script_text import read_script

_TO_WRITE = re.compile(r"\bTODO\b")
_WIDTH = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportedScript:
    """An experiment's file that is not written yet, and what a person should know of it."""

    name: str
    script: PlainScript
    text: str
    to_write: tuple[int, ...]  # lines of the file in which a TODO stands
    to_mend: tuple[tuple[int, int, str], ...]  # the line of the file, that of the script or 0, and what is wrong


def import_script(path: Path, name: str | None = None) -> ImportedScript:
    """Read a plain script and make an experiment's file of it. Nothing of the script is run, and nothing is written."""
    name = name or _name_of(path)
    if not NAME.fullmatch(name):
        raise WrongUse(
            f"The name {name!r} must be 3 to 64 of a-z, 0-9 and _, beginning with a letter: file and experiment share "
            "it. Nothing was written; give it with --name."
        )
    script = read_plain_script(read_script(path))
    lines = list(_file(name, path.name, script))
    text = "\n".join(line for _, line in lines) + "\n"
    try:
        ast.parse(text)
    except SyntaxError as fault:
        number = lines[min(fault.lineno or 1, len(lines)) - 1][0]
        raise ExperimentError(
            f"What was made of line {number} of {path} is no Python any more ({fault.msg}). Nothing was written; write "
            "that line more plainly, and import it again."
        ) from None
    refused = [refusal for refusal in check_source(text, name) if "`TODO`" not in refusal.sentence]
    return ImportedScript(
        name=name,
        script=script,
        text=text,
        to_write=tuple(place for place, (_, line) in enumerate(lines, start=1) if _TO_WRITE.search(line)),
        to_mend=tuple((refusal.line, lines[refusal.line - 1][0], refusal.sentence) for refusal in refused),
    )


def _name_of(path: Path) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", path.stem.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"old_{plain}"


def write_file(imported: ImportedScript, path: Path, *, dry_run: bool) -> None:
    """Write it where nothing is yet; of a dry run refuse what would be refused."""
    try:
        if dry_run and not path.exists():
            return
        with path.open("x", encoding="utf-8") as file:
            file.write(imported.text)
    except FileExistsError:
        raise Refused(f"{path} is there already, and it was left as it is. Choose another --name or --in.") from None
    except OSError as fault:
        raise Refused(f"{path} cannot be written: {fault.strerror}. Nothing was written.") from None


def _file(name: str, script_name: str, script: PlainScript) -> Iterator[tuple[int, str]]:
    """The lines of the file, each with the line of the script that it comes from, or 0."""
    swept = [factor for factor in script.factors if len(factor.levels) != 1]
    run = "cell" if "run" in script.names else "run"
    yield from _own(*_docstring(script_name, script))
    yield from _own("from dataclasses import dataclass", "")
    imports = [(number, line) for number, line in script.lines if line.startswith(("import ", "from "))]
    rest = [(number, line) for number, line in script.lines if not line.startswith(("import ", "from "))]
    yield from imports
    yield from _own(
        *[""] * bool(imports),
        "from axiom.domain.experiments import Control, Experiment, Needs, grid",
        "from axiom.domain.findings import Direction, Estimand, Kind, Prediction",
    )
    while rest and not rest[0][1]:
        rest.pop(0)
    yield from _own(*["", ""] if rest[:1] and rest[0][1].startswith(("def ", "class ", "@", "#")) else [""])
    yield from rest
    yield from _own(*_declared(script))
    yield from _own(*_running(run, script))
    yield from _own("", "", "experiment = Experiment(", *_declaration(name, run, script, swept), ")")


def _own(*lines: str) -> Iterator[tuple[int, str]]:
    yield from ((0, line) for line in lines)


def _docstring(script_name: str, script: PlainScript) -> Iterator[str]:
    text = script.docstring.replace("\\", "\\\\").replace('"""', "'''").strip()
    yield from f'"""{text or "TODO: what is asked here, why it matters, and what would surprise you."}'.split("\n")
    yield from ("", f"Taken over from {script_name}.", '"""', "")


def _declared(script: PlainScript) -> Iterator[str]:
    yield from ("", "", "@dataclass(frozen=True, kw_only=True)", "class Config:", '    """What varies."""')
    yield from [""] * bool(script.factors)
    for factor in script.factors:
        default = in_double_quotes(f" = {factor.levels[0]!r}") if len(factor.levels) == 1 else ""
        yield f"    {factor.name}: {factor.type}{default}"
    yield from (
        "",
        "",
        "@dataclass(frozen=True, kw_only=True)",
        "class Measures:",
        '    """What is measured in a cell."""',
        "",
    )
    yield from (f"    {measure.name}: {measure.type}" for measure in script.measures)


def _running(run: str, script: PlainScript) -> Iterator[str]:
    yield from (
        "",
        "",
        f"def {run}(config: Config, seed: int) -> Measures:",
        '    """One cell, as the script computed it."""',
    )
    yield f"    measured = {script.call}"
    words = [f"{measure.name}=measured{measure.access}" for measure in script.measures]
    line = f"    return Measures({', '.join(words)})"
    yield from (
        [line] if len(line) <= _WIDTH else ["    return Measures(", *(f"        {word}," for word in words), "    )"]
    )


def _declaration(name: str, run: str, script: PlainScript, swept: Sequence[Factor]) -> Iterator[str]:
    levels = in_double_quotes("".join(f", {factor.name}={list(factor.levels) or 'TODO'}" for factor in swept))
    yield f'    name="{name}",'
    yield "    version=1,"
    yield "    question=TODO,  # one sentence, as in “Does a wider network generalise better?”"
    yield f"    run={run},"
    yield "    measures=Measures,"
    yield f"    sweep=grid(Config{levels}),"
    numbers = [factor for factor in script.factors if factor.type in ("int", "float") and len(factor.levels) > 1]
    ranges = ", ".join(f'"{factor.name}": ({min(factor.levels)!r}, {max(factor.levels)!r})' for factor in numbers)
    yield f"    ranges={{{ranges}}},  # what others may choose"
    yield "    estimands=("
    yield "        Estimand(  # what is concluded, said before anything is seen; there may be several, or none"
    yield "            name=TODO,  # as in wide_minus_narrow"
    yield "            claim=TODO,  # the sentence that is put to the test"
    yield from (f"            {line}" for line in _compared(script, swept))
    yield "            smallest=TODO,  # nearer to nothing than this counts as absent"
    yield "            expects=TODO,  # Direction.MORE: the number is above zero if the claim holds; LESS; ABSENT"
    yield "            # Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.1, 0.4), because=…)"
    yield "            prediction=TODO,"
    yield "        ),"
    yield "    ),"
    yield "    controls=(  # of that estimand: docs/howto/preflight.md; () where there is no estimand"
    yield "        Control(estimand=TODO, placebo=TODO, planted=TODO),"
    yield "    ),"
    yield "    needs=Needs(seconds=lambda config: 1.0, memory_mb=400),  # a guess: `axiom experiment run` shows them"


def _compared(script: PlainScript, swept: Sequence[Factor]) -> Iterator[str]:
    """The first measure between the ends of the first sweep, as a beginning; alone where nothing is swept."""
    measure = next((measure for measure in script.measures if not measure.type.startswith("tuple")), script.measures[0])
    factor = next((factor for factor in swept if factor.levels), None)
    yield f"kind=Kind.{'CONTRAST' if factor else 'LEVEL'},"
    yield f'measure="{measure.name}",  # or another one of Measures'
    arms = (
        [in_double_quotes(f"{{'{factor.name}': {level!r}}}") for level in (factor.levels[-1], factor.levels[0])]
        if factor
        else ["{}"]
    )
    yield f"between=({', '.join(arms)}{',' * (not factor)}),"


def report(imported: ImportedScript, script: Path, file: Path, *, is_written: bool) -> dict[str, Any]:
    """What was found, what was not, and what comes next: for programs."""
    plain = imported.script
    return {
        "script": str(script),
        "file": str(file),
        "is_written": is_written,
        "experiment": imported.name,
        "function": {"name": plain.function, "line": plain.line},
        "factors": [{**asdict(factor), "levels": list(factor.levels)} for factor in plain.factors],
        "measures": [{"name": measure.name, "type": measure.type, "line": measure.line} for measure in plain.measures],
        "taken_out": {why: list(lines) for why, lines in plain.taken_out.items()},
        "not_needed": [{"line": remark.line, "what": remark.sentence} for remark in plain.not_needed],
        "remarks": [asdict(remark) for remark in plain.remarks],
        "to_mend": [
            {"line": line, "line_of_script": number or None, "why": sentence}
            for line, number, sentence in imported.to_mend
        ],
        "to_write": list(imported.to_write),
    }


def report_in_words(facts: dict[str, Any]) -> Iterator[str]:
    """The same for a person."""
    yield f"{facts['function']['name']} (line {facts['function']['line']}) computes one cell of {facts['experiment']}."
    for factor in facts["factors"]:
        levels = ", ".join(map(str, factor["levels"])) or "levels that could not be read: write them into the sweep"
        yield f"  varies    {factor['name']}: {levels} (line {factor['line']})"
    for measure in facts["measures"]:
        yield f"  measures  {measure['name']}: {measure['type']} (line {measure['line']})"
    for why, lines in facts["taken_out"].items():
        yield f"  taken out {why}: {_lines(lines)}"
    if facts["not_needed"]:
        parts = ", ".join(f"{part['what']} ({part['line']})" for part in facts["not_needed"])
        yield f"  left out  as no cell needs it: {parts}"
    for remark in facts["remarks"]:
        yield f"  mind      line {remark['line']}: {remark['sentence']}."
    for fault in facts["to_mend"]:
        place = (
            f"line {fault['line_of_script']} of the script, {fault['line']} of the file"
            if fault["line_of_script"]
            else (f"line {fault['line']} of the file")
        )
        yield f"  mend      {place}: {fault['why']}"
    yield f"  write     what says TODO in the file: {_lines(facts['to_write'])}"
    verb = "Then" if facts["is_written"] else "Nothing was written: this was a dry run. Without -n, then"
    yield f"{verb} `axiom experiment run {facts['file']} --seed 1` and `axiom experiment preflight {facts['file']}`."


def _lines(numbers: Sequence[int]) -> str:
    return f"line{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}"
