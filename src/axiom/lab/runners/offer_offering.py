"""Keeps what is offered in step with what was built, with the trust file and with signatures that are brought."""

import logging
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from axiom.domain.fleet import Platform
from axiom.errors import AxiomError
from axiom.lab.runners.built import BUILT, Piece, built_in, digests
from axiom.lab.runners.offer import Offers
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, load_code
from axiom.signed.signing_requests import WantedProgram
from axiom.signed.trust import TRUST_FILE
from axiom.store.engine.folder import Folder
from axiom.store.experiments.offers import Offered, note_unsigned

log = logging.getLogger("axiom.offer")

_Stamp = tuple[tuple[str, int, int], ...]


class Offering:
    """Looks again and again, and does something when a file has changed."""

    def __init__(
        self,
        folder: Folder,
        *,
        platform: Platform,
        now: Callable[[], datetime],
        built: Path | None = None,
    ) -> None:
        """Something is offered from here on, if only the stand-in; `built` is where built runners come to lie."""
        self._folder = folder
        self._platform = platform
        self._now = now
        self._built = built
        self._seen: _Stamp = ()
        self.problems: tuple[str, ...] = ()
        Offers(folder, load_code(folder.keys)).here(platform, now())
        self.offered = Offered(folder)

    def look(self) -> None:
        """What can be offered is offered; for what cannot, the reason is kept, and it is tried when a file changes."""
        seen = self._stamp()
        if seen == self._seen:
            return
        offers, now = Offers(self._folder, load_code(self._folder.keys)), self._now()
        problems = [problem for step in self._steps(offers, now) if (problem := _problem(step))]
        if offers.unsigned:
            problems.append(f"{_names(list(offers.unsigned))} must be signed with the code-signing key")
        for problem in set(problems) - set(self.problems):
            log.error("offer.not %s", problem)
        self.problems = tuple(problems)
        self._seen = self._stamp()

    def _steps(self, offers: Offers, now: datetime) -> Iterator[Callable[[], object]]:
        """Each may fail by itself. The stand-in, for computers for which nothing was built, comes after what was."""
        for place in built_in(self._built) if self._built else ():
            yield partial(offers.built, place, now)
        yield partial(offers.again, now)
        yield partial(offers.here, self._platform, now)
        yield partial(self._note, offers)
        yield self.offered.look

    def _note(self, offers: Offers) -> None:
        note_unsigned(self._folder, [self._unsigned(piece) for piece in offers.unsigned.values()])

    def _unsigned(self, piece: Piece) -> WantedProgram:
        sha256 = piece.sha256 or digests(self._folder.runner_files / piece.name)[0]
        return WantedProgram(name=piece.name, md5=piece.md5, sha256=sha256, size=piece.size)

    def _stamp(self) -> _Stamp:
        """Changes when anything does that decides what is offered. It is taken every few seconds."""
        ours = [self._folder.keys / name for name in (TRUST_FILE, CARRIED, CODE_KEY)]
        ours.append(self._folder.offer)
        built = [place / BUILT for place in built_in(self._built)] if self._built else []
        return tuple(mark for path in (*ours, *built) if (mark := _mark(path)) is not None)


def _problem(step: Callable[[], object]) -> str:
    """What kept a step from being done, if anything did."""
    try:
        step()
    except AxiomError as error:
        return str(error)
    except Exception as fault:  # whatever is wrong with one file must not keep the others from being offered
        log.exception("offer.fault")
        return (
            f"A runner is not offered for a fault of ours ({fault!r}). The log says more; build it again, or report it."
        )
    return ""


def _mark(path: Path) -> tuple[str, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return str(path), found.st_mtime_ns, found.st_size


def _names(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
