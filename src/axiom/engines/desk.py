"""What an engine needs of the project server, so that neither must know the other."""

from collections.abc import Sequence
from typing import Protocol

from axiom.domain.work import Report
from axiom.signed.tickets import Order


class Desk(Protocol):
    """Hands out orders and takes reports. A report that returned is committed."""

    def held(self) -> frozenset[int]:
        """The tasks that are out to this host."""

    def ask(self, holding: frozenset[int], wanted: int) -> Sequence[Order]:
        """Orders for this host, which holds these tasks already."""

    def report(self, report: Report, output: bytes | None) -> None:
        """Take a finished task with its output; returns once it is stored for good."""

    def seal(self, digest: str) -> str:
        """The newest signature over a bundle."""

    def bundle(self, digest: str) -> bytes:
        """A bundle's bytes."""
