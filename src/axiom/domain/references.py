"""References to the literature: what a file names, and what a person has approved of it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

_NUMBER = re.compile(
    r"\barxiv:\s*(?P<arxiv>\d{4}\.\d{4,5}|[a-z.-]+/\d{7})|\b(?P<doi>10\.\d{4,9}/[^\s;,]+)", re.IGNORECASE
)


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


def number_in(words: str) -> str:
    """Its arXiv number or DOI, as all write it; empty where it has none."""
    match = _NUMBER.search(words)
    if match is None:
        return ""
    return f"arXiv:{match['arxiv'].lower()}" if match["arxiv"] else match["doi"].rstrip(".)").lower()


def is_approved(words: str, approved: Iterable[ApprovedReference]) -> bool:
    """Has somebody approved the work with this number, or with these very words?"""
    number = number_in(words)
    return any(words == reference.words or number == reference.number != "" for reference in approved)


def told(words: str, approved: Iterable[ApprovedReference]) -> str:
    """A reference as all read it: what nobody has approved is marked."""
    return words if is_approved(words, approved) else f"{words} (unverified)"
