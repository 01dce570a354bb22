"""Fetches built runners from a release, at an address or in a folder, into the laboratory's own folder.

A runner appears there when each of its files is whole and is the one that was signed. What came of a file stays when
the connection breaks, and the next attempt goes on behind it.
"""

import contextlib
import http.client
import os
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from axiom import __version__
from axiom.errors import CannotStart, FolderUnusable, NotFound, Refused, StorageFull, WrongUse
from axiom.laboratory.runner.built import hash_file, read_built
from axiom.laboratory.runner.release import RELEASE, RELEASE_LIMIT, ReleasedFile, RunnerRelease, read_release
from axiom.limits import server as limits
from axiom.runner.platform.system import system
from axiom.signed.atomic_files import replace_durably
from axiom.store.engine.folder import Folder, is_disk_full

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_TIMEOUT = 60.0  # seconds without a byte
_TRIES = 5  # for one file, each behind what came before
_PIECE = 1024 * 1024

Tell = Callable[[str, int], None]  # the file and how many bytes of it are here


class DownloadInterrupted(Exception):
    """The other side, or what lies between, has ended it in the middle."""


def fetch_release(place: str, public: str) -> RunnerRelease:
    """What there is to fetch, after its signature was checked."""
    try:
        with _open_from(place, RELEASE, 0) as (stream, _):
            raw = _read(stream, RELEASE_LIMIT + 1)
    except DownloadInterrupted as error:
        raise CannotStart(f"{RELEASE} did not come from {place} ({error}). Nothing was fetched.") from error
    return read_release(raw, public, place)


def choose_fetched_runners(release: RunnerRelease, only: Collection[str]) -> list[str]:
    """The runners that are wanted, all where nobody says which."""
    if unknown := sorted(set(only) - release.runners.keys()):
        raise NotFound(
            f"The release has no runner {unknown[0]}, it has {', '.join(sorted(release.runners))}. Nothing was fetched."
        )
    return sorted(only or release.runners)


def fetch_runner(folder: Folder, place: str, release: RunnerRelease, name: str, tell: Tell) -> bool:
    """The laboratory has this runner, the very files that were signed. False: it had it already."""
    target = folder.fetched_runners / name
    workspace = target.with_name(f".{name}.part")
    try:
        workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(workspace):
            missing = [file for file in release.runners[name] if not _is_here(target / file.name, file)]
            if not missing and {path.name for path in target.iterdir()} == {
                file.name for file in release.runners[name]
            }:
                shutil.rmtree(workspace)
                return False
            _demand_room(workspace, missing)
            for file in release.runners[name]:
                _bring(target / file.name, place, name, file, workspace / file.name, tell)
            _put(workspace, target, name, {file.name for file in release.runners[name]})
    except OSError as error:
        if is_disk_full(error):
            raise _no_room(workspace) from error
        raise FolderUnusable(f"{workspace} cannot be written: {error.strerror}. Nothing new is offered.") from error
    return True


def _bring(had: Path, place: str, runner: str, file: ReleasedFile, target: Path, tell: Tell) -> None:
    """The file lies in the workspace, as it was signed: left by an earlier attempt, had already, or fetched."""
    if _is_here(target, file):
        return
    if _is_here(had, file):
        target.unlink(missing_ok=True)
        os.link(had, target)
        return
    part = target.with_name(f".{target.name}.part")
    for _ in range(2 if part.exists() else 1):  # what lay there may be of another release
        _fetch(place, f"{runner}/{file.name}", file, part, tell)
        if _is_here(part, file):
            replace_durably(part, target)
            return
        part.unlink()
    raise Refused(
        f"{runner}/{file.name} at {place} is not the file that was signed: its SHA-256 is another. What came was "
        "thrown away, and nothing new is offered. Type it again; if it stays so, tell whoever built it."
    )


def _fetch(place: str, path: str, file: ReleasedFile, part: Path, tell: Tell) -> None:
    """As many bytes as were signed for lie in the part, behind those that lay there."""
    for attempt in range(1, _TRIES + 1):
        with part.open("ab") as out:
            begun = out.tell()
            if begun >= file.size:  # whole, or longer than it may be, which its digest says
                return
            try:
                _append(place, path, file, out, tell)
            except DownloadInterrupted as error:
                if attempt == _TRIES or out.tell() <= begun:
                    raise CannotStart(
                        f"{path} came from {place} up to byte {out.tell():,} of {file.size:,} ({error}). What came "
                        "stays; the same command goes on from there."
                    ) from error
            else:
                return


def _append(place: str, path: str, file: ReleasedFile, out: IO[bytes], tell: Tell) -> None:
    with _open_from(place, path, out.tell()) as (stream, begins_at):
        out.truncate(begins_at)  # a server that knows no ranges begins anew
        out.seek(begins_at)
        while piece := _read(stream, _PIECE):
            if out.tell() + len(piece) > file.size:
                raise Refused(
                    f"{path} at {place} is longer than the {file.size:,} bytes that were signed for. Nothing more of "
                    "it was read, and nothing new is offered."
                )
            out.write(piece)
            tell(path, out.tell())
    if out.tell() < file.size:
        raise DownloadInterrupted("it ended early")


def _read(stream: IO[bytes], most: int) -> bytes:
    try:
        return stream.read(most)
    except (OSError, http.client.HTTPException) as error:
        raise DownloadInterrupted(repr(error)) from error


@contextlib.contextmanager
def _open_from(place: str, path: str, begin: int) -> Iterator[tuple[IO[bytes], int]]:
    """A file of the release from this byte on, if whoever has it can: the stream, and where it begins."""
    if "://" not in place:
        with _open_file(Path(place) / path) as file:
            file.seek(begin)
            yield file, begin
        return
    url = f"{place.rstrip('/')}/{path}"
    request = urllib.request.Request(url, headers={"User-Agent": f"axiom/{__version__}"})  # noqa: S310  demanded below
    if begin:
        request.add_header("Range", f"bytes={begin}-")
    _demand_guarded(url)
    try:
        reply = _opener(url).open(request, timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        kind = NotFound if error.code in (404, 410) else CannotStart
        raise kind(f"{url} is answered with status {error.code} ({error.reason}). Nothing new is offered.") from error
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        reason = getattr(error, "reason", None) or error
        raise CannotStart(
            f"{url} cannot be reached ({reason}). Nothing new is offered; what came before stays, and the same command "
            "goes on from there."
        ) from error
    with reply:
        content_range = reply.headers.get("content-range", "")
        yield reply, begin if reply.status == 206 and content_range.startswith(f"bytes {begin}-") else 0


def _open_file(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise NotFound(f"There is no {path.name} in {path.parent}. Nothing new is offered.") from error
    except OSError as error:
        raise CannotStart(f"{path} cannot be read ({error.strerror}). Nothing new is offered.") from error


def _opener(url: str) -> urllib.request.OpenerDirector:
    handlers: list[Any] = [_GuardedRedirects()]
    if urlsplit(url).hostname in _LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))  # what is here is not asked through a proxy
    return urllib.request.build_opener(*handlers)


class _GuardedRedirects(urllib.request.HTTPRedirectHandler):
    """Follows an answer elsewhere only to where one might have asked in the first place."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _demand_guarded(newurl, behind=req.full_url)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _demand_guarded(url: str, behind: str = "") -> None:
    """Nobody on the way may read or change what is asked: https, or http that does not leave this computer."""
    parts = urlsplit(url)
    is_here = parts.hostname in _LOOPBACK and (not behind or urlsplit(behind).hostname in _LOOPBACK)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and is_here)):
        raise WrongUse(
            f"{url!r} is no address of a release: it must begin with https://. http:// is for this computer alone. "
            "Nothing was fetched."
        )


@contextlib.contextmanager
def _alone(workspace: Path) -> Iterator[None]:
    """Lock the workspace, a folder that is moved at the end, so that no other command fetches into it meanwhile."""
    handle = os.open(workspace, os.O_RDONLY)
    try:
        if not system.take(handle):
            raise CannotStart(f"Another command fetches into {workspace}. Nothing was begun; wait for its end.")
        yield
    finally:
        os.close(handle)


def _put(workspace: Path, target: Path, name: str, files: Collection[str]) -> None:
    """The whole runner is where the laboratory looks for it, and nothing else is in its folder."""
    for path in workspace.iterdir():
        if path.name not in files:
            path.unlink()
    if read_built(workspace).name != name:
        raise Refused(f"What was signed as {name} is a runner for {read_built(workspace).name}. It is not offered.")
    aside = target.with_name(f".{name}.before")
    shutil.rmtree(aside, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        target.rename(aside)
    replace_durably(workspace, target)
    shutil.rmtree(aside, ignore_errors=True)


def _is_here(path: Path, file: ReleasedFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and hash_file(path)[0] == file.sha256


def _demand_room(workspace: Path, missing: Collection[ReleasedFile]) -> None:
    parts = sum(path.stat().st_size for path in workspace.iterdir())
    if shutil.disk_usage(workspace).free + parts < sum(file.size for file in missing) + limits.SPARE_DISK_BYTES:
        raise _no_room(workspace)


def _no_room(workspace: Path) -> StorageFull:
    return StorageFull(
        f"There is no room for the runner in {workspace}. Nothing new is offered; free some space and type it again."
    )
