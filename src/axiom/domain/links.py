"""How findings hang together: links between them, to what the old laboratory claimed, and to the literature."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from axiom.domain.estimands import Direction
from axiom.domain.evidence import VOID, Meaning, verdicts_of
from axiom_weigh.values import Grade, Verdict


class Noun(StrEnum):
    FINDING = "finding"
    OLD_CLAIM = "old claim"
    LINK = "link"  # an explanation that somebody tests


class LinkKind(StrEnum):
    """The statements that a link can make. What a test came to is never stated: it follows from the verdict."""

    TESTS = "tests"
    EXPLAINS = "explains"
    RULES_OUT = "rules out"
    MODERATES = "moderates"  # says on what the other one depends, or what else would account for it
    SUPERSEDES = "supersedes"
    REPLICATES = "replicates"
    DEPENDS_ON = "depends on"


class Bearing(StrEnum):
    """What a test came to, by the verdict of its finding today."""

    SUPPORTS = "supports"
    CONTRADICTS = "contradicts"
    SAYS_NOTHING = "says nothing yet"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Node:
    """A finding by its number, an old claim by its row, or a link."""

    noun: Noun
    id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A statement about two nodes: by whom, when, why, and the first one's evidence on that day."""

    id: int
    kind: LinkKind
    source: Node
    target: Node
    upheld_by: tuple[Meaning, ...]  # of a test: the source's meanings under which the target holds
    why: str
    by: str
    line: int  # of the source's evidence; 0 where there was none
    evidence_hash: str  # of that line; empty where there was none
    said_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FindingState:
    status: str  # open, retired, suspended or recalled
    grade: Grade
    meaning: Meaning
    expects: Direction  # what its claim says
    is_weighed: bool = True
    is_size_open: bool = False  # there is an effect, and it is open whether it matters

    @property
    def is_void(self) -> bool:
        """Does nothing follow from it as it stands?"""
        return self.status in VOID

    @property
    def is_absent(self) -> bool:
        """Is there no effect that matters, whatever was claimed?"""
        return Verdict.ABSENT in verdicts_of(self.meaning, self.expects)


@dataclass(frozen=True, kw_only=True, slots=True)
class AskingEstimand:
    experiment: str
    estimand: str
    kind: LinkKind  # it tests the claim, or says on what the claim depends
    upheld_by: tuple[Verdict, ...]
    overturned_by: tuple[Verdict, ...] = ()  # of a control: under which something else accounts for the claim


@dataclass(frozen=True, kw_only=True, slots=True)
class OldClaim:
    """A claim of the old laboratory, with its number: an open question until a finding that tests it is decided."""

    name: str
    claim: str
    experiment: str  # by which it is asked here: published, in the catalogue, or not written yet
    figure: str  # the old number, with its unit; empty where none is known
    rests_on: str  # seeds, hosts and results, in words
    status: str  # how the old laboratory graded it
    source: str  # the session whose log has it
    scripts: tuple[str, ...] = ()  # the old names of its experiment
    askings: tuple[AskingEstimand, ...] = ()


_NUMBER = re.compile(
    r"\barxiv(?::\s*|\.org/(?:abs|pdf)/)(?P<arxiv>\d{4}\.\d{4,5}|[a-z.-]+/\d{7})|\b(?P<doi>10\.\d{4,9}/[^\s;,]+)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.:/])(?:1[5-9]|20)\d\d(?![\d:/])")  # a work is named by authors and year


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovedReference:
    """A work of the literature that somebody has looked up."""

    id: int
    words: str  # as it is cited: Belkin et al. 2019
    number: str  # arXiv:1812.11118 or a DOI; empty of what Axiom's own catalogue names without one
    title: str
    approved_by: str
    approved_at: datetime


def references_in(text: str) -> list[str]:
    """Each reference of a file, which lie between semicolons."""
    return [" ".join(part.split()) for part in text.split(";") if part.strip()]


def reference_number(words: str) -> str:
    """Its arXiv number or DOI, the first where it has several; empty where it has none."""
    return next(iter(_numbers_in(words)), "")


def _numbers_in(words: str) -> dict[str, None]:
    """All of them, in their order."""
    return dict.fromkeys(
        f"arXiv:{match['arxiv'].lower()}" if match["arxiv"] else match["doi"].rstrip(".)").lower()
        for match in _NUMBER.finditer(words)
    )


def is_approved(words: str, approved: Iterable[ApprovedReference]) -> bool:
    """Has somebody approved these very words, or the number of each work that they name?"""
    numbers, references = _numbers_in(words), list(approved)
    if any(words == reference.words for reference in references):
        return True
    works = max(1, len(_YEAR.findall(_NUMBER.sub("", words))))
    return len(numbers) >= works and {reference.number for reference in references}.issuperset(numbers)


def mark_unapproved(words: str, approved: Iterable[ApprovedReference]) -> str:
    """A reference as all read it: what nobody has approved is marked."""
    return words if is_approved(words, approved) else f"{words} (unverified)"
