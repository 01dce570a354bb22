"""Where tools ask: the laboratory as one program sees it, in this process or in another one."""

from collections.abc import Mapping
from typing import Any, Protocol

from axiom.domain.callers import Answer, Caller
from axiom.errors import AxiomError


class LabAccess(Protocol):
    """A laboratory behind one program's token. Every method raises `AxiomError` where it refuses."""

    def caller(self) -> Caller:
        """The program, as far as it says which tools it sees."""

    def read(self, path: str, query: Mapping[str, str]) -> Answer:
        """What a page of the site says, as its `.json` does; `path` is the page's, without an ending."""

    def read_own_work(self) -> Answer:
        """What no page says: the program's own questions and what became of them, and the page that it kept."""

    def submit(self, name: str, words: Mapping[str, Any], *, dry_run: bool, key: str | None) -> Answer:
        """Give a command. Words that are none of it are refused and remembered."""

    def refuse(self, name: str, text: str, error: AxiomError) -> None:
        """Have it remembered that the program asked for this in words that nothing here can mean."""

    def question(self, number: int) -> Answer:
        """What the person at the client is asked about a proposal, with a seal that makes the answer good once."""

    def answer(self, number: int, seal: str, action: str, ticked: object) -> Answer:
        """Bring what the person said: approved, or nobody answered."""
