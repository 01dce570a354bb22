"""A short paper kept in a folder: words.md, in which numbers are references to findings beside it and to an attack.

    Attack: ../../measurements/noise_attacked.md

    ## Abstract

    With other rows {attack: map of a teacher | 0.008 | +1.88 ± 0.19}; {F1} had {F1.declared} from {F1.seeds} seeds.

Whoever declares an attack must say in the abstract, the limitations and the conclusion what it left. A number with
decimals that is typed, and is no level of a finding, is refused, and so is one that its record no longer holds.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from axiom.domain.estimands import name_choices
from axiom.domain.headlines.numbers import format_moment, format_number, rescale_number, round_interval
from axiom.errors import NotFound, WrongUse
from axiom.reads.base.request import Answer
from axiom.web.base.facts import make_fact

WORDS = "words.md"
FIRST, LAST = ("Abstract", "Limitations"), "Conclusion"
_REFERENCE = re.compile(r"\{([^{}]+)\}")
_FINDING = re.compile(r"F([1-9][0-9]*)(?:\.([a-z_]+))?")
_DECIMAL = re.compile(r"(?<![\w:/.])[0-9][0-9,]*\.[0-9]+")
_DIGITS = re.compile(r"[0-9][0-9.,]*[0-9]|[0-9]")  # a sign is said by words, too: "trails by 0.8"
_APART = re.compile(r"\s{2,}")  # cells of a row of a record
_FIELDS = ("declared", "pooled", "seeds", "verdict", "grade")
_KINDS = ("F1", *(f"F1.{name}" for name in _FIELDS), "count VERDICT", "attack: HEADING | ROW | TEXT = SHOWN")
_BLOCKS = ("table findings NUMBERS | CAPTION", "table attack: HEADING | CORNER | CAPTION", "picture FILE | CAPTION")


def read_kept_paper(folder: Path) -> Answer:
    """The facts of the paper that this folder keeps, for a template of papers."""
    if not (folder / WORDS).is_file():
        raise NotFound(f"{folder} keeps no short paper: it has no {WORDS}. Nothing was written.")
    return _KeptPaper(folder).facts()


class _KeptPaper:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        head, *chapters = re.split(r"^## +", (folder / WORDS).read_text(encoding="utf-8"), flags=re.MULTILINE)
        self._head = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        self._chapters = {title.strip(): body for title, _, body in (part.partition("\n") for part in chapters)}

    def facts(self) -> Answer:
        self._demand_chapters()
        weighed = max(datetime.fromisoformat(finding["weighed_at"]) for finding in self._findings.values())
        return {
            "title": make_fact(self._head.get("Title", ""), "title"),
            "by": make_fact(self._head.get("By", ""), "by"),
            "until": make_fact(format_moment(weighed.isoformat()), "until"),
            "chapters": [
                {"title": title, "parts": [self._part(part) for part in re.split(r"\n\s*\n", body.strip())]}
                for title, body in self._chapters.items()
            ],
        }

    def _demand_chapters(self) -> None:
        """What weakens a paper stands first, and what an attack left of it wherever it is summed up."""
        titles = tuple(self._chapters)
        if titles[:2] != FIRST or LAST not in titles:
            raise WrongUse(f"{WORDS} must begin with ## {FIRST[0]} and ## {FIRST[1]}, and have ## {LAST}.")
        silent = [title for title in (*FIRST, LAST) if "{attack: " not in self._chapters[title]]
        if "Attack" in self._head and silent:
            raise WrongUse(f"{WORDS} declares an attack, of which these say nothing: {', '.join(silent)}.")

    @cached_property
    def _findings(self) -> dict[int, Mapping[str, Any]]:
        read = (json.loads(file.read_bytes()) for file in self.folder.glob("findings/*/finding.json"))
        return {finding["finding"]: finding for finding in sorted(read, key=lambda finding: finding["finding"])}

    @cached_property
    def _levels(self) -> set[str]:
        """What the designs of the findings name, as it may be typed."""
        places = (place for finding in self._findings.values() for place in finding["estimand"]["between"])
        return {format_number(level) for place in places for level in place.values()}

    @cached_property
    def _attack(self) -> list[list[str]]:
        """The record of the attack in blocks: a line, and those below it that are set in."""
        if "Attack" not in self._head:
            raise WrongUse(f"{WORDS} declares no attack. Name its record in a line before the chapters: Attack: FILE")
        blocks: list[list[str]] = []
        for line in (self.folder / self._head["Attack"]).read_text(encoding="utf-8").splitlines():
            if line.startswith(" ") and blocks:
                blocks[-1].append(line.strip())
            else:
                blocks.append([line])
        return blocks

    def _part(self, text: str) -> Answer:
        text = " ".join(text.split())
        block = _REFERENCE.fullmatch(text)
        words = [word.strip() for word in block[1].split("|")] if block else [""]
        if words[0].startswith("table findings ") and len(words) == 2:
            return self._table_of_findings(list(map(int, words[0].split()[2:])), words[1])
        if words[0].startswith("table attack: ") and len(words) == 3:
            return self._table_of_attack(words[0].removeprefix("table attack: "), *words[1:])
        if words[0].startswith("picture ") and len(words) == 2:
            return {"kind": "picture", "file": words[0].removeprefix("picture "), "caption": self._resolved(words[1])}
        return {"kind": "paragraph", "text": self._resolved(text)}

    def _resolved(self, text: str) -> str:
        typed = [number for number in _DECIMAL.findall(_REFERENCE.sub("", text)) if number not in self._levels]
        if typed:
            raise WrongUse(f"{typed[0]} is typed in {WORDS}, and no level of a finding: write a reference instead.")
        return _REFERENCE.sub(lambda match: self._value(match[1].strip()), text)

    def _value(self, reference: str) -> str:
        if reference.startswith("attack: "):
            return self._of_attack([word.strip() for word in reference.removeprefix("attack: ").split("|")])
        if reference.startswith("count "):
            verdict = reference.removeprefix("count ")
            return str(sum(self._number(number, "evidence verdict") == verdict for number in self._findings))
        match = _FINDING.fullmatch(reference)
        if match is None or int(match[1]) not in self._findings:
            raise WrongUse(f"{{{reference}}} in {WORDS} is no reference; there are {'; '.join((*_KINDS, *_BLOCKS))}.")
        return self._of_finding(int(match[1]), match[2] or "")

    def _of_finding(self, number: int, name: str) -> str:
        match name:
            case "":
                return f"F{number}"
            case "declared" | "pooled":
                estimate, low, high = self._interval(number, "design declared:" if name == "declared" else "evidence")
                return f"{estimate} [{low}, {high}]"
            case "seeds":
                return format_number(self._number(number, "design declared: seeds"))
            case "verdict" | "grade":
                return str(self._number(number, f"evidence {name}"))
        raise WrongUse(f"{{F{number}.{name}}} in {WORDS} names no field; {name_choices(name, _FIELDS)}.")

    def _interval(self, number: int, prefix: str) -> tuple[str, str, str]:
        estimand = self._findings[number]["estimand"]
        ends = [self._number(number, f"{prefix} {name}") for name in ("estimate", "low", "high")]
        estimate, low, high = (None if end is None else rescale_number(estimand, end) for end in ends)
        return round_interval(estimate, low, high)

    def _number(self, number: int, name: str) -> Any:
        return self._numbers[number][name]

    @cached_property
    def _numbers(self) -> dict[int, Mapping[str, Any]]:
        return {
            number: json.loads((self.folder / "findings" / str(number) / "numbers.json").read_bytes())
            for number in self._findings
        }

    def _of_attack(self, words: list[str]) -> str:
        """The text of a line of the record, or what is shown for it, of which each number is in that text."""
        *places, quoted = words
        text, _, shown = (word.strip() for word in quoted.partition(" = "))
        lines = self._block(places[0]) if places else []
        if len(places) > 1:
            lines = [line for line in lines if line.startswith(places[1])]
        if not any(_holds(line, text) for line in lines):
            raise WrongUse(f"{self._head['Attack']} has no {text!r} at {' | '.join(places)!r}. Nothing was written.")
        if invented := set(_DIGITS.findall(shown)) - set(_DIGITS.findall(text)):
            raise WrongUse(f"{shown!r} has {', '.join(sorted(invented))}, which {text!r} of the attack has not.")
        return _with_minus(shown or text)

    def _block(self, heading: str) -> list[str]:
        blocks = [block for block in self._attack if block[0].startswith(f"{heading}: ")]
        if len(blocks) != 1:
            raise WrongUse(f"{len(blocks)} lines of {self._head['Attack']} begin with {heading!r}, and not one.")
        return blocks[0]

    def _table_of_attack(self, heading: str, corner: str, caption: str) -> Answer:
        """Those lines of a block whose cells stand apart, under the last words of its first line."""
        first, *lines = self._block(heading)
        split = (_APART.split(line.partition(";")[0]) for line in lines)
        rows = [[_with_minus(cell) for cell in cells if _DIGITS.search(cell)] for cells in split if len(cells) > 2]
        headings = [corner, *(format_number(int(word)) for word in first.split()[1 - len(rows[0]) :])]
        return _table(self._resolved(caption), headings, rows)

    def _table_of_findings(self, numbers: list[int], caption: str) -> Answer:
        """Where they differ, and what came out of the registered design."""
        estimands = [self._findings[number]["estimand"] for number in numbers]
        names = dict.fromkeys(name for estimand in estimands for place in estimand["between"] for name in place)
        columns = {name: [_level(estimand["between"], name) for estimand in estimands] for name in sorted(names)}
        columns["measure"] = [estimand["measure"] for estimand in estimands]
        columns = {name: cells for name, cells in columns.items() if len(set(cells)) > 1}
        columns |= {name: [self._of_finding(number, name) for number in numbers] for name in _FIELDS[:1] + _FIELDS[3:]}
        rows = zip(map("F{}".format, numbers), *columns.values(), strict=True)
        return _table(self._resolved(caption), ["", *columns], [list(row) for row in rows])


def _holds(line: str, text: str) -> bool:
    """Does it stand there as it is, and not as a part of a longer number or word?"""
    return re.search(rf"(?<![\w.+-]){re.escape(text)}(?![\w]|[.,]\d)", line) is not None


def _level(places: list[Mapping[str, object]], name: str) -> str:
    levels: Iterator[str] = (format_number(place[name]) for place in places if name in place)
    return " against ".join(dict.fromkeys(levels)) or "–"


def _table(caption: str, headings: list[str], rows: list[list[str]]) -> Answer:
    return {
        "kind": "table",
        "caption": caption,
        "columns": "l" * len(headings),
        "headings": headings,
        "rows": rows,
    }


def _with_minus(text: str) -> str:
    return re.sub(r"(?<!\w)-(?=\d)", "−", text)
