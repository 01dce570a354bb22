"""An entry of BibTeX for what is cited here: a finding, what a laboratory says, approved literature."""

import re
from collections.abc import Mapping

from axiom.domain.links import ApprovedReference
from axiom.reads.base.cited_authors import authors_of

_ARXIV = "arXiv:"
_AUTHORS_AND_YEAR = re.compile(r"(?P<by>[^\d:]+?),? (?P<year>\d{4})\b")
_BRACES = str.maketrans(
    {sign: f"\\{sign}" for sign in "{}%&#_$"} | {"^": r"\textasciicircum{}", "~": r"\textasciitilde{}"}
)


def finding_bibtex(
    *, number: int, answer: str, laboratory: str, authors: str, date: str, line: int, address: str
) -> str:
    """One entry. `date` begins with year, month and day; `address` is that of the finding's page, if it has one."""
    return laboratory_bibtex(
        name=f"finding-{number}",
        title=f"Finding {number}: {answer}",
        note=f"Version {line} of {date[:10]}; data under CC BY 4.0",
        laboratory=laboratory,
        authors=authors,
        date=date,
        address=address,
    )


def laboratory_bibtex(
    *, name: str, title: str, note: str, laboratory: str, authors: str, date: str, address: str
) -> str:
    """One entry of what a laboratory says on a day."""
    names = [*(author.name for author in authors_of(authors)), laboratory]
    by = " and ".join(f"{{{_escaped(name)}}}" for name in names)
    fields = {
        "author": by,
        "title": f"{{{_escaped(title)}}}",
        "year": date[:4],
        "month": str(int(date[5:7])),
        "note": note,
        **({"url": address} if address else {}),
    }
    return _entry(f"axiom-{name}", fields)


def reference_bibtex(reference: ApprovedReference) -> str:
    """One entry of the literature; of its authors and year what its words say."""
    match = _AUTHORS_AND_YEAR.match(reference.words)
    by = (
        re.sub(r" et al\.?$", " and others", match["by"]).replace(" & ", " and ").replace(", ", " and ")
        if match
        else ""
    )
    is_arxiv = reference.number.startswith(_ARXIV)
    fields = {
        "author": _escaped(by),
        "title": f"{{{_escaped(reference.title)}}}" if reference.title else "",
        "year": match["year"] if match else "",
        "eprint": reference.number.removeprefix(_ARXIV) if is_arxiv else "",
        "archivePrefix": "arXiv" if is_arxiv else "",
        "doi": "" if is_arxiv else reference.number,
        "note": _escaped(reference.words),
    }
    name = re.sub(r"\W+", "-", by.partition(" and ")[0].lower()).strip("-") or "reference"
    return _entry(
        f"{name}-{fields['year'] or 'undated'}-{reference.id}", {key: value for key, value in fields.items() if value}
    )


def _entry(name: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {field} = {{{value}}}," for field, value in fields.items()]
    return "\n".join([f"@misc{{{name},", *lines, "}", ""])


def _escaped(text: str) -> str:
    return text.replace("\\", r"\textbackslash ").translate(_BRACES)
