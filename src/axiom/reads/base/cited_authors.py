"""Who is cited beside the laboratory, as its operator says it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from axiom.settings import AUTHOR

_AUTHOR = re.compile(AUTHOR)


@dataclass(frozen=True, kw_only=True, slots=True)
class CitedAuthor:
    """A person; an ORCID says which of those with this name."""

    name: str
    orcid: str = ""

    @property
    def address(self) -> str:
        """Where the ORCID leads."""
        return f"https://orcid.org/{self.orcid}" if self.orcid else ""


def authors_of(text: str) -> Sequence[CitedAuthor]:
    """Read the setting, whose form was checked: names apart by semicolons, each with its ORCID or without."""
    matches = [_AUTHOR.fullmatch(part.strip()) for part in text.split(";") if part.strip()]
    return [CitedAuthor(name=match["name"].strip(), orcid=match["orcid"] or "") for match in matches if match]
