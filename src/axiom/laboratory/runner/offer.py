"""Offers runners to volunteers' computers: lays out what was built, has it signed, and keeps the offer up to date.

Asked again with the same files it changes nothing; other files are a new version, since a name never changes its bytes.
"""

import hashlib
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from axiom.domain.fleet import Platform
from axiom.domain.runners import CODE_FILE, TICKETS, OfferedRunner, RunnerFile
from axiom.errors import AxiomError, KeysUnusable, Refused
from axiom.laboratory.runner.built import (
    BUILT,
    BuiltRunner,
    RunnerPiece,
    hash_file,
    list_built_folders,
    place_piece,
    read_built,
)
from axiom.laboratory.runner.code_archive import pack_runner_code, pack_stand_in_runner, runner_file_name
from axiom.server.scheduler.host_programs import PLATFORMS
from axiom.signed.boinc_code_signing import CARRIED, CODE_KEY, CodeKey, CodeSigning, is_digest_signed, load_code
from axiom.signed.signing_requests import WantedProgram
from axiom.signed.trust import TRUST_FILE
from axiom.store.engine.folder import Folder
from axiom.store.experiments.runner_offers import (
    CODE_NAMED,
    TRUST_NAMED,
    RunnerOffer,
    read_offer,
    write_offer,
    write_unsigned_programs,
)

# Versions count the minutes since then, so that they go on where the folder of runners was lost or left behind: hosts
# keep the files of a version that they know, whatever another one of the same number would be.
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_STAND_IN_CLASSES = ("", "nv")  # it has whatever JAX the laboratory's own Python has
log = logging.getLogger("axiom.offer")
_Stamp = tuple[tuple[str, int, int], ...]


class RunnerOffers:
    """Who changes what is offered. Without the code-signing key, signatures come with the files or are brought here."""

    def __init__(self, folder: Folder, code: CodeKey | CodeSigning) -> None:
        self._folder = folder
        self._code = code
        self.unsigned: dict[str, RunnerPiece] = {}  # for want of whose signatures something is not offered, by name

    def here(self, platform: Platform, now: datetime) -> dict[str, OfferedRunner]:
        """Computers of this kind have a runner: the stand-in, unless one was built. Returns all that is offered."""
        named = {words: name for name, words in PLATFORMS.items()}
        name = named.get((platform.system, platform.processor))
        offered = read_offer(self._folder)
        ready = {
            plan_class for runner in offered.values() if _is_built(runner, name) for plan_class in runner.plan_classes
        }
        if name is None or "" in ready:
            return offered
        program = pack_stand_in_runner(Path(sys.executable))
        classes = tuple(plan_class for plan_class in _STAND_IN_CLASSES if plan_class not in ready)
        wanted = OfferedRunner(platform=name, version=0, files=(), plan_classes=classes, is_stand_in=True)
        return self._offer(name, wanted, (_piece(runner_file_name(program), "", program),), now)

    def built(self, place: Path, now: datetime) -> dict[str, OfferedRunner]:
        """What was built in this folder is offered, if it can be. Returns all that is offered."""
        runner = read_built(place)
        return self._offer(runner.name, _runner(runner), (*runner.pieces, _code()), now)

    def again(self, now: datetime) -> dict[str, OfferedRunner]:
        """What was built has today's code, trust file and signatures, also where its folder is gone."""
        for name, runner in read_offer(self._folder).items():
            if not runner.is_stand_in:
                pieces = (_as_piece(file) for file in runner.files if file.open_name not in (TRUST_FILE, CODE_FILE))
                self._offer(name, replace(runner, tickets=TICKETS), (*pieces, _code()), now)
        return read_offer(self._folder)

    def _offer(
        self, name: str, wanted: OfferedRunner, pieces: tuple[RunnerPiece, ...], now: datetime
    ) -> dict[str, OfferedRunner]:
        """Offer a runner of these files and today's trust file; under the next version if any file is another."""
        offered = read_offer(self._folder)
        was = offered.get(name)
        trust = (self._folder.keys / TRUST_FILE).read_bytes()
        pieces = (*pieces, _piece(f"{TRUST_NAMED}{hashlib.sha256(trust).hexdigest()[:16]}.json", TRUST_FILE, trust))
        signatures = {file.name: file.signature for file in was.files} if was else {}
        files = tuple(_file(piece, self._signature(piece, signatures.get(piece.name, ""))) for piece in pieces)
        if unsigned := {piece.name: piece for piece, file in zip(pieces, files, strict=True) if not file.signature}:
            self.unsigned |= unsigned
            return offered
        if was is not None and replace(wanted, version=was.version, files=files) == was:
            return offered
        for piece in pieces:
            if piece.source:
                place_piece(piece, self._folder.runner_files / piece.name)
        made = replace(wanted, version=_version(offered, was, files, now), files=files)
        write_offer(
            self._folder, {other: runner for other, runner in offered.items() if not _ends(runner, made)} | {name: made}
        )
        return read_offer(self._folder)

    def _signature(self, piece: RunnerPiece, earlier: str) -> str:
        """The file's signature, empty while nobody has signed it. One that came with it and is wrong is refused."""
        if piece.signature:
            if not is_digest_signed(piece.md5, piece.signature, self._code.public_text):
                raise Refused(
                    f"The signature that came with {piece.name} is not by this laboratory's code-signing key, so every "
                    "client would refuse the file. What was offered stays; sign it with the right key."
                )
            return piece.signature
        if earlier and is_digest_signed(piece.md5, earlier, self._code.public_text):
            return earlier
        try:
            return self._code.sign_digest(piece.md5)
        except KeysUnusable:
            return ""


def _runner(built: BuiltRunner) -> OfferedRunner:
    return OfferedRunner(
        platform=built.platform,
        version=0,
        files=(),
        plan_classes=(built.plan_class,),
        needs_avx=built.needs_avx,
        glibc=built.glibc,
        unpacked_bytes=built.unpacked_bytes,
        proven_by=built.proven_by,
    )


def _version(
    offered: Mapping[str, OfferedRunner], was: OfferedRunner | None, files: tuple[RunnerFile, ...], now: datetime
) -> int:
    """The number that goes with these files: the same for the same ones under other signatures, else the next."""
    if was is not None and [file.name for file in was.files] == [file.name for file in files]:
        return was.version
    return max((now - _BEGINNING) // _MINUTE, *(runner.version + 1 for runner in offered.values()), 1)


def _is_built(runner: OfferedRunner, platform: str | None) -> bool:
    return runner.platform == platform and not runner.is_stand_in


def _ends(runner: OfferedRunner, by: OfferedRunner) -> bool:
    """A stand-in ends for GPUs, too, once one is built: elsewhere than on our own computers it would only fail."""
    return runner.is_stand_in and _is_built(by, runner.platform) and "" in by.plan_classes


def _code() -> RunnerPiece:
    """The runner's own code, which is signed and fetched apart from the runtime: it changes more often."""
    body = pack_runner_code()
    return _piece(f"{CODE_NAMED}{hashlib.sha256(body).hexdigest()[:16]}.pyz", CODE_FILE, body)


def _piece(name: str, open_name: str, body: bytes) -> RunnerPiece:
    return RunnerPiece(
        name=name,
        open_name=open_name,
        sha256=hashlib.sha256(body).hexdigest(),
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
        size=len(body),
        is_main=not open_name,
        source=body,
    )


def _as_piece(file: RunnerFile) -> RunnerPiece:
    """A file that is offered and lies in its place."""
    return RunnerPiece(
        name=file.name, open_name=file.open_name, sha256="", md5=file.md5, size=file.size, is_main=file.is_main
    )


def _file(piece: RunnerPiece, signature: str) -> RunnerFile:
    return RunnerFile(
        name=piece.name,
        open_name=piece.open_name,
        md5=piece.md5,
        size=piece.size,
        signature=signature,
        is_main=piece.is_main,
    )


class OfferWatcher:
    """Looks again and again, and does something when a file has changed."""

    def __init__(
        self,
        folder: Folder,
        *,
        platform: Platform,
        now: Callable[[], datetime],
        built: Path | None = None,
    ) -> None:
        """Something is offered from here on, if only the stand-in; `built` is where built runners come to lie.

        One that was fetched is offered, too, unless the same one lies in `built`.
        """
        self._folder = folder
        self._platform = platform
        self._now = now
        self._built = built
        self._seen: _Stamp = ()
        self.problems: tuple[str, ...] = ()
        RunnerOffers(folder, load_code(folder.keys)).here(platform, now())
        self.offered = RunnerOffer(folder)

    def refresh(self) -> None:
        """What can be offered is offered; for what cannot, the reason is kept, and it is tried when a file changes."""
        seen = self._stamp()
        if seen == self._seen:
            return
        offers, now = RunnerOffers(self._folder, load_code(self._folder.keys)), self._now()
        problems = [problem for step in self._steps(offers, now) if (problem := _problem(step))]
        if offers.unsigned:
            problems.append(f"{_names(list(offers.unsigned))} must be signed with the code-signing key")
        for problem in set(problems) - set(self.problems):
            log.error("offer.not %s", problem)
        self.problems = tuple(problems)
        self._seen = self._stamp()

    def _steps(self, offers: RunnerOffers, now: datetime) -> Iterator[Callable[[], object]]:
        """Each may fail by itself. The stand-in, for computers for which nothing was built, comes after what was."""
        for folder in self._whole_runners():
            yield partial(offers.built, folder, now)
        yield partial(offers.again, now)
        yield partial(offers.here, self._platform, now)
        yield partial(self._note, offers)
        yield self.offered.refresh

    def _whole_runners(self) -> list[Path]:
        """The folders of whole runners, one for each name."""
        places = [self._folder.fetched_runners, *([self._built] if self._built else [])]
        return list({runner.name: runner for place in places for runner in list_built_folders(place)}.values())

    def _note(self, offers: RunnerOffers) -> None:
        write_unsigned_programs(self._folder, [self._unsigned(piece) for piece in offers.unsigned.values()])

    def _unsigned(self, piece: RunnerPiece) -> WantedProgram:
        sha256 = piece.sha256 or hash_file(self._folder.runner_files / piece.name)[0]
        return WantedProgram(name=piece.name, md5=piece.md5, sha256=sha256, size=piece.size)

    def _stamp(self) -> _Stamp:
        """Changes when anything does that decides what is offered. It is taken every few seconds."""
        ours = [self._folder.keys / name for name in (TRUST_FILE, CARRIED, CODE_KEY)]
        ours.append(self._folder.offer)
        built = [place / BUILT for place in self._whole_runners()]
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
        stat = path.stat()
    except FileNotFoundError:
        return None
    return str(path), stat.st_mtime_ns, stat.st_size


def _names(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
