"""Looks for what is made up in papers and beside findings and sessions, by its own reading of the rows.

It shares no code with what renders them: it asks SQL, and reads numbers from their letters. What a page answers as JSON
is looked at piece by piece: a fact must equal what it is said to be of, and the laboratory's own words hold no number.
Of what others wrote each reference must read as its row does, under its author, marked as not checked, with the verdict
of what it names beside it. What their words mean, no program reads.
"""

import json
import math
import re
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from headline_reader import contradiction

_TOKEN = re.compile(r"[-−+]?[0-9][0-9,]*(?:\.[0-9]+)?(?:e[-−+]?[0-9]+)?")
_REFERENCE = re.compile(r"\{(F[0-9]+(?:\.[a-z_]+)?|R:[A-Za-z0-9_]+)\}")
_WEIGHED = {"seeds", "missing", "blocks", "hosts", "volunteers", "platforms", "designs"}


class Fabrication(StrEnum):
    """What can be made up."""

    NUMBER = "wrong numbers"
    VERDICT = "wrong verdicts"
    METHOD = "wrong methods"
    REFERENCE = "invented citations"
    OMITTED = "contrary results left out"


Found = tuple[Fabrication, str]
Piece = dict[str, str]


class Rows:
    """The rows as they are now."""

    def __init__(self, path: Any) -> None:
        self._db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._db.row_factory = sqlite3.Row
        self._kept: dict[Any, list[dict[str, Any]]] = {}

    def forget(self) -> None:
        """Read anew from here on: something was written."""
        self._kept.clear()

    def all(self, sql: str, *values: Any) -> list[dict[str, Any]]:
        """The rows that this selects."""
        key = sql, values
        if key not in self._kept:
            self._kept[key] = [dict(row) for row in self._db.execute(sql, values)]
        return self._kept[key]

    def finding(self, number: int) -> dict[str, Any] | None:
        """With its estimand, and its newest evidence as `line`."""
        rows = self.all(
            "SELECT f.*, e.name AS experiment, e.version, r.body FROM finding f "
            "JOIN experiment e ON e.id = f.experiment_id JOIN registration r ON r.id = registration_id WHERE f.id = ?",
            number,
        )
        if not rows:
            return None
        estimands = json.loads(rows[0]["body"])["estimands"]
        lines = self.all("SELECT * FROM evidence WHERE finding_number = ? ORDER BY line DESC LIMIT 1", number)
        estimand = next(declared for declared in estimands if declared["name"] == rows[0]["estimand"])
        return {**rows[0], "said": estimand, "line": lines[0] if lines else None}

    def bundle(self, experiment: int) -> dict[str, Any]:
        """Its newest, with the manifest that was signed."""
        (row,) = self.all("SELECT * FROM bundle WHERE experiment_id = ? ORDER BY serial DESC LIMIT 1", experiment)
        return row | {"manifest": json.loads(row["manifest"])}


def in_paper(rows: Rows, answer: dict[str, Any]) -> list[Found]:
    """Whatever is made up in a paper, as its page's JSON has it."""
    own = {name: part for name, part in answer.items() if name != "said"}
    pieces = list(_pieces(own))
    faults = [fault for piece in pieces for fault in _in_pieces(rows, [piece])]
    faults += in_quotes(rows, answer["said"], "prose")
    shown = {piece["of"] for piece in pieces}
    return faults + _of_methods(rows, answer["numbers"], shown) + _omitted(rows, answer["numbers"], shown)


def numbers_in(answer: Any) -> int:
    """How many numbers it holds."""
    match answer:
        case {"text": text, "of": str()}:
            return len(_TOKEN.findall(text))
        case dict():
            return sum(map(numbers_in, answer.values()))
        case list():
            return sum(map(numbers_in, answer))
    return 0


def _pieces(answer: Any) -> Iterator[Piece]:
    """Each fact, and each text that is none."""
    match answer:
        case {"text": str(), "of": str()}:
            yield answer
        case str():
            yield {"text": answer, "of": ""}
        case dict():
            for part in answer.values():
                yield from _pieces(part)
        case list():
            for part in answer:
                yield from _pieces(part)


_OF = {
    "prose": "SELECT author AS by, text FROM prose WHERE id = ?",
    "finding_note": "SELECT said_by AS by, text FROM finding_note WHERE id = ?",
    "link": "SELECT said_by AS by, why AS text FROM link WHERE id = ?",
}


def in_quotes(rows: Rows, entries: list[dict[str, Any]], table: str) -> list[Found]:
    """Whatever is made up in how others' words are shown: these were written into this table."""
    return [fault for entry in entries for fault in _in_quote(rows, entry, rows.all(_OF[table], entry["number"])[0])]


def in_finding(rows: Rows, page: dict[str, Any]) -> list[Found]:
    """Whatever is made up in what others say beside a finding, as its page's JSON has it, and in what tests came to."""
    faults = in_quotes(rows, [entry for entry in page["said"] if entry["kind"] == "note"], "finding_note")
    for link in page["links"]:
        faults += [*_of_bearing(rows, link), *in_quotes(rows, link["said"], "link")]
    return faults


def _in_quote(rows: Rows, entry: dict[str, Any], stored: dict[str, Any]) -> Iterator[Found]:
    """One text: its author's, not checked, each reference as its row reads, beside it the verdict of what it names."""
    if entry["by"] != stored["by"] or entry["checked"] is not False:
        yield Fabrication.VERDICT, f"not told as that of {stored['by']}: {entry['text']}"
    pieces = _matched(stored["text"], entry["text"])
    for piece in pieces:
        if piece["of"] and (fault := _of_fact(rows, piece)):
            yield fault
    beside = {row["number"]: row for row in entry["beside"]}
    for number in {int(piece["of"][1:].partition(".")[0]) for piece in pieces if re.match(r"F[0-9]", piece["of"])}:
        row, told = rows.finding(number), beside.get(number)
        if row is None or row["line"] is None or told is None:
            yield Fabrication.VERDICT, f"no verdict beside finding {number}: {entry['text']}"
            continue
        line = row["line"]
        if (told["verdict"], told["grade"], told["status"]) != (line["verdict"], line["grade"], row["status"]):
            yield Fabrication.VERDICT, f"finding {number} is {line['verdict']}, {line['grade']}: {told}"
        if row["status"] in {"suspended", "recalled"} and not entry["faults"]:
            yield Fabrication.VERDICT, f"finding {number} is {row['status']}: {entry['text']}"


def _matched(stored: str, shown: str) -> list[Piece]:
    """The pieces of a line as it is shown: words, and what stands where references were written."""
    parts = _REFERENCE.split(stored)
    pattern = "".join("(.*?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))
    match = re.fullmatch(pattern, shown, re.DOTALL)
    if match is None:
        return [{"text": shown, "of": "nothing that was written"}]
    facts = iter(match.groups())
    pieces = [
        {"text": next(facts), "of": part if "." in part or part[:1] == "R" else f"{part}.number"}
        if place % 2
        else {"text": part, "of": ""}
        for place, part in enumerate(parts)
    ]
    return [piece for piece in pieces if piece["text"]]


def _of_bearing(rows: Rows, link: dict[str, Any]) -> Iterator[Found]:
    """What a test is said to have come to is what its finding says today."""
    source = rows.finding(int(link["source"]["name"])) if link["source"]["noun"] == "finding" else None
    is_void = source is None or source["status"] in {"suspended", "recalled"} or source["line"] is None
    verdict = "undecided" if source is None or is_void else source["line"]["verdict"]
    if link["bearing"] in {"supports", "contradicts"}:
        is_held = verdict in link["upheld_by"]
        is_decided = verdict in {"effect +", "effect −", "absent"}
        if not is_decided or is_held != (link["bearing"] == "supports"):
            yield Fabrication.VERDICT, f"link {link['number']}: {link['bearing']} by {verdict}"


def _in_pieces(rows: Rows, pieces: list[Piece]) -> list[Found]:
    faults: list[Found] = []
    for piece in pieces:
        if not piece["of"]:
            faults += of_words(piece["text"])
        elif fault := _of_fact(rows, piece):
            faults.append(fault)
    return faults


def of_words(text: str) -> list[Found]:
    """Words of ours, in which no number may stand."""
    return [(Fabrication.NUMBER, text)] if any(sign.isnumeric() for sign in text) else []


def _of_fact(rows: Rows, piece: Piece) -> Found | None:
    text, of = piece["text"], piece["of"]
    noun, _, name = of.partition(".")
    try:
        if of.startswith("R:"):
            manifests = rows.all(
                "SELECT b.manifest FROM bundle b JOIN experiment e ON e.id = b.experiment_id WHERE name = ?", of[2:]
            )
            signed = " ".join(json.loads(row["manifest"])["reference"] for row in manifests)
            approved = {
                row["words"] for row in rows.all("SELECT words FROM approved_reference WHERE approved_by <> ''")
            }
            works = [(work, work.removesuffix(" (unverified)")) for work in text.split("; ")]
            is_real = all(bare and bare in signed and (bare != work or bare in approved) for work, bare in works)
            return None if is_real else (Fabrication.REFERENCE, f"{of}: {text}")
        if noun[:1] == "F" and name == "answer":
            return _of_answer(text, rows.finding(int(noun[1:])))
        if noun[:1] == "F" and noun[1:].isdecimal():
            return _agrees(of, text, _of_finding(rows, int(noun[1:]), name))
        if noun[:1] == "E" and noun[1:].isdecimal():
            fault = _agrees(of, text, _of_experiment(rows, int(noun[1:]), name))
            return fault and (Fabrication.METHOD, fault[1])
        if noun[:1] == "G" and noun[1:].isdecimal():
            return _agrees(of, text, _of_registration(rows, int(noun[1:]), name))
        if noun[:1] == "L" and noun[1:].isdecimal():
            (row,) = rows.all("SELECT * FROM link WHERE id = ?", int(noun[1:]))
            return _agrees(
                of, text, {str(row[f"{name}_id"]), *(claim["name"] for claim in rows.all("SELECT name FROM old_claim"))}
            )
    except (LookupError, ValueError, TypeError) as fault:
        return Fabrication.NUMBER, f"{of} is nowhere: {text} ({fault!r})"
    return None if of in {"laboratory", "until", "findings"} else (Fabrication.NUMBER, f"{of}: {text}")


def _of_answer(text: str, row: dict[str, Any] | None) -> Found | None:
    if row is None:
        return Fabrication.VERDICT, f"of no finding: {text}"
    line = row["line"] or {"verdict": "undecided", "estimate": None, "low": None, "high": None}
    fault = contradiction(text, row["said"], {**line, "status": row["status"]})
    return (Fabrication.VERDICT, f"{text}: {fault}") if fault else None


def _agrees(of: str, text: str, expected: Any) -> Found | None:
    """A number within its own last place, a word as it is, a sentence whose every number is among those expected."""
    if isinstance(expected, set):
        allowed = [_value(token) for value in expected for token in _TOKEN.findall(str(value))]
        wrong = [token for token in _TOKEN.findall(text) if not any(_is(token, value) for value in allowed)]
        return (Fabrication.NUMBER, f"{of}: {text}: {wrong}") if wrong else None
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        return None if _is(text, float(expected)) else (Fabrication.NUMBER, f"{of}: {text} is {expected}")
    kind = Fabrication.VERDICT if of.endswith((".verdict", ".grade", ".reads")) else Fabrication.NUMBER
    return None if text.casefold() == str(expected).casefold() else (kind, f"{of}: {text} is {expected}")


def _value(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


def _is(text: str, expected: float) -> bool:
    """Is this how the number may be written? By its last place; e-values are rounded down."""
    if "∞" in text:
        return math.isinf(expected)
    value, (mantissa, _, power) = _value(text), text.replace("−", "-").partition("e")
    places = len(mantissa.partition(".")[2])
    step = 10.0 ** ((int(power) if power else 0) - places)
    if abs(value) >= 1_000 and not places and not power:  # of what is no whole number three digits are written
        step = 10.0 ** (len(f"{abs(value):.0f}") - 3)
    if float(expected).is_integer() and abs(expected) < 1e6 and not places and not power:
        return value == expected
    return abs(value - expected) <= step * 1.0000001


def _of_finding(rows: Rows, number: int, name: str) -> Any:
    row = rows.finding(number)
    if row is None:
        raise LookupError(number)
    line, declared = row["line"], row["said"]
    if name in {"estimate", "low", "high", "e_value", *_WEIGHED} and name != "designs":
        if line is None:
            return "(not known yet)"
        if name in {"missing", "hosts", "volunteers", "platforms"}:
            return {line[name], 1}
        absent = {"estimate": "–", "low": "open", "high": "open"}
        return absent[name] if line[name] is None and name in absent else line[name]
    if name.startswith("forecast"):
        place, _, column = name.removeprefix("forecast").partition(".")
        forecasts = rows.all(
            "SELECT p.*, s.brier FROM prediction p LEFT JOIN score s ON s.prediction_id = p.id "
            "WHERE registration_id = ? AND estimand = ? ORDER BY p.id",
            row["registration_id"],
            row["estimand"],
        )
        made = forecasts[int(place) - 1]
        if column == "foreknowledge":  # in a made laboratory kin are the versions before, and none amends
            kin = _earlier(row)
            if kin:
                return f"informed by {kin[-1]}, whose place it takes"
            is_informed = made["forecaster"].endswith(", informed")
            return (
                "informed by an unrecorded number of seeds"
                if is_informed
                else "blind: sealed before any run of its kin"
            )
        return made[column]
    interval = declared["prediction"]["interval"]
    fields = {
        "claim": declared["claim"],
        "measure": declared["measure"],
        "smallest": declared["smallest"],
        "null": declared["null"],
        "experiment": row["experiment"],
        "version": row["version"],
        "chance_positive": declared["prediction"]["positive"],
        "chance_absent": declared["prediction"]["absent"],
        "chance_negative": declared["prediction"]["negative"],
        "predicted_low": interval[0],
        "predicted_high": interval[1],
        "verdict": line["verdict"] if line else "undecided",
        "grade": line["grade"] if line else "Awaiting",
        "reads": _reads(line["verdict"] if line else "undecided", declared["expects"]),
        "status": {row["why"]},
        "number": {number},
        "export": {number},
        "command": {number},
        "quantity": {json.dumps(declared["between"])},
        "designs": {1},
        **{part: set() for part in ("lacks", "again", "kin", "false_share")},
        "informed": set(_earlier(row)),
    }
    if name == "scope":
        bodies = rows.all("SELECT body FROM registration WHERE experiment_id = ?", row["experiment_id"])
        configs = [config for body in bodies for config in json.loads(body["body"])["configs"]]
        return {
            row["version"],
            *range(len(configs) + 1),
            json.dumps(configs),
            json.dumps(declared["between"]),
            row["experiment"],
        }
    if line is not None:
        fields |= {"need": {line["needs"]}, "flag": {line["flags"]}, "alarm": {line["alarms"]}}
    return fields[name]


def _earlier(row: dict[str, Any]) -> list[str]:
    """The versions of a finding's experiment before its own."""
    return [f"{row['experiment']}@{version}" for version in range(1, row["version"])]


def _reads(verdict: str, expects: str) -> str:
    signs = {"effect +": "+", "effect −": "-", "absent": "0"}
    if verdict not in signs:
        return {"mixed": "designs disagree"}.get(verdict, verdict)
    if signs[verdict] == expects:
        return "as claimed"
    return "too small to matter" if verdict == "absent" else "the opposite of the claim"


def _of_experiment(rows: Rows, number: int, name: str) -> Any:
    (stored,) = rows.all("SELECT * FROM experiment WHERE id = ?", number)
    bundle = rows.bundle(number)
    declared = bundle["manifest"]
    part, _, which = name.partition(".")
    controls = {control["estimand"]: control for control in declared["controls"]}
    tried = rows.all("SELECT * FROM preflight WHERE bundle_digest = ?", bundle["digest"])
    match part:
        case "named":
            return f"{stored['name']}@{stored['version']}"
        case "question" | "tolerance":
            return declared[part]
        case "serial" | "digest":
            return bundle[part]
        case "factor":
            return which if which in declared["factors"] else "no such factor"
        case "measure":
            return which if which in [measure[0] for measure in declared["measures"]] else "no such measure"
        case "range":
            return {json.dumps(declared["ranges"][which])}
        case "levels":
            bodies = rows.all("SELECT body FROM registration WHERE experiment_id = ?", number)
            return {json.dumps([config[which] for body in bodies for config in json.loads(body["body"])["configs"]])}
        case "control":
            return which if which in controls else "no such control"
        case "placebo" | "planted":
            return len(controls[which][part])
        case "placebo_configs" | "planted_configs":
            return {json.dumps(controls[which][part.partition("_")[0]])}
        case "gates":
            return {attempt["gates"] for attempt in tried}
        case "tried_on":
            return {attempt["platform"] for attempt in tried}
        case "tried_at":
            return {_moment(attempt["created_at"]) for attempt in tried}
    raise LookupError(name)


def _of_registration(rows: Rows, number: int, name: str) -> Any:
    (row,) = rows.all("SELECT * FROM registration WHERE id = ?", number)
    body = json.loads(row["body"])
    values = {
        "number": number,
        "design": body["design"],
        "configs": len(body["configs"]),
        "block": body["block"],
        "stopping": {body["stopping"]["replicates"]},
        "at": _moment(row["created_at"]),
        "hash": row["hash"],
    }
    return values[name]


def _moment(stored: int) -> str:
    at = datetime.fromtimestamp(stored / 1e6, UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


def _of_methods(rows: Rows, numbers: list[int], shown: set[str]) -> list[Found]:
    """Every factor, measure and control of the signed files, and every registration of the findings, must be told."""
    wanted = set()
    for number in numbers:
        row = rows.finding(number)
        if row is None:
            raise LookupError(f"There is no finding {number}.")
        declared, experiment = rows.bundle(row["experiment_id"])["manifest"], row["experiment_id"]
        wanted |= {f"E{experiment}.factor.{name}" for name in declared["factors"]}
        wanted |= {f"E{experiment}.measure.{measure[0]}" for measure in declared["measures"]}
        wanted |= {f"E{experiment}.control.{control['estimand']}" for control in declared["controls"]}
        wanted |= {f"G{row['registration_id']}.hash", f"G{row['registration_id']}.stopping"}
        wanted |= {f"F{number}.{name}" for name in ("quantity", "null", "smallest")}
    return [(Fabrication.METHOD, f"{part} is not told") for part in sorted(wanted - shown)]


def _omitted(rows: Rows, numbers: list[int], shown: set[str]) -> list[Found]:
    """Every finding of the same experiments must stand there with its verdict, and each of the paper's, too."""
    names = {row["experiment"] for number in numbers if (row := rows.finding(number))}
    everything = rows.all("SELECT f.id, e.name FROM finding f JOIN experiment e ON e.id = f.experiment_id")
    wanted = {*numbers, *(finding["id"] for finding in everything if finding["name"] in names)}
    return [
        (Fabrication.OMITTED, f"finding {number} is not told")
        for number in sorted(wanted)
        if not {f"F{number}.verdict", f"F{number}.grade"} <= shown
    ]
