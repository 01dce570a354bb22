"""Lays out the runner for volunteers' computers: its files, signed for BOINC's own check, and what is offered to whom.

Asked again with the same files it changes nothing; other files are a new version, since a name never changes its bytes.
"""

import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from axiom.domain.fleet import Platform
from axiom.lab.runner_file import runner_name, stand_in
from axiom.server.meeting import PLATFORMS
from axiom.server.runners import Runner, read_offer
from axiom.signed.code_signing import CodeKey
from axiom.store.folder import Folder, keep

# Versions count the minutes since then, so that they go on where the folder of runners was lost or left behind: hosts
# keep the files of a version that they know, whatever another one of the same number would be.
_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)


def offer_here(folder: Folder, key: CodeKey, platform: Platform, now: datetime) -> dict[str, Runner]:
    """Offer computers of this kind the runner that borrows this computer's Python; returns all that is offered."""
    named = {words: name for name, words in PLATFORMS.items()}
    name = named.get((platform.system, platform.processor))
    offered = dict(read_offer(folder))
    if name is None:
        return offered
    program, trust = stand_in(Path(sys.executable)), (folder.keys / "trust.json").read_bytes()
    files = (
        _file(runner_name(program), "", program),
        _file(f"axiom_trust_{hashlib.sha256(trust).hexdigest()[:16]}.json", "trust.json", trust),
    )
    was = offered.get(name)
    if was is not None and [file.name for file in was.files] == [file["name"] for file in files]:
        return offered
    for file, body in zip(files, (program, trust), strict=True):
        keep(folder.runners / "files" / file["name"], body)
        file["signature"] = key.sign_file(body)
    version = max((now - _BEGINNING) // _MINUTE, *(runner.version + 1 for runner in offered.values()), 1)
    _write(folder, offered, name, version, files)
    return dict(read_offer(folder))


def _file(name: str, open_name: str, body: bytes) -> dict[str, Any]:
    return {
        "name": name,
        "open_name": open_name,
        "md5": hashlib.md5(body, usedforsecurity=False).hexdigest(),
        "size": len(body),
        "is_main": not open_name,
    }


def _write(
    folder: Folder, offered: dict[str, Runner], name: str, version: int, files: tuple[dict[str, Any], ...]
) -> None:
    others = {
        platform: {"version": runner.version, "files": [_plain(file) for file in runner.files]}
        for platform, runner in offered.items()
        if platform != name
    }
    data = {"runners": others | {name: {"version": version, "files": list(files)}}}
    keep(folder.runners / "offer.json", json.dumps(data, indent=1, sort_keys=True).encode() + b"\n")


def _plain(file: Any) -> dict[str, Any]:
    return {each: getattr(file, each) for each in ("name", "open_name", "md5", "size", "signature", "is_main")}
