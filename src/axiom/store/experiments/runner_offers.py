"""Which runners are offered, as `D/runners/offer.json` says, with their files beside it.

A file keeps its name and its bytes for ever: a client that has it never asks again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from axiom.domain.runners import OfferedRunner, RunnerFile
from axiom.errors import CannotStart, StoreDamaged
from axiom.signed.signing_requests import WantedProgram
from axiom.store.engine.folder import Folder, write_file_atomically

TRUST_NAMED = "axiom_trust_"  # how the names of trust files begin among the files of runners
CODE_NAMED = "axiom_code_"  # and those of the runner's own code

_UNSIGNED = "unsigned.json"


def read_offer(folder: Folder) -> dict[str, OfferedRunner]:
    try:
        data = json.loads(folder.offer.read_text(encoding="utf-8"))
        return {name: _runner(name, facts) for name, facts in data["runners"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise CannotStart(
            f"{folder.offer} cannot be read ({error}), so no host could be given a runner. "
            "Delete the folder `runners`; it is built again at the next start."
        ) from error


def write_offer(folder: Folder, runners: Mapping[str, OfferedRunner]) -> None:
    data = {"runners": {name: asdict(runner) for name, runner in runners.items()}}
    write_file_atomically(folder.offer, json.dumps(data, indent=1, sort_keys=True).encode() + b"\n")


def write_unsigned_programs(folder: Folder, files: Sequence[WantedProgram]) -> None:
    path = folder.runners / _UNSIGNED
    if files or path.exists():
        write_file_atomically(
            path, json.dumps([asdict(file) for file in files], indent=1, sort_keys=True).encode() + b"\n"
        )


def read_unsigned_programs(folder: Folder) -> tuple[WantedProgram, ...]:
    path = folder.runners / _UNSIGNED
    try:
        return tuple(WantedProgram(**row) for row in json.loads(path.read_bytes()))
    except FileNotFoundError:
        return ()
    except (ValueError, TypeError, OSError) as error:
        raise StoreDamaged(
            f"{path} cannot be read ({error}), so it cannot be told which programs wait for a signature. Nothing was "
            "changed. Delete it; the laboratory writes it again at its next start."
        ) from None


def _runner(name: str, data: Mapping[str, Any]) -> OfferedRunner:
    classes = tuple(str(entry) for entry in data["plan_classes"])
    if not classes:
        raise ValueError(f"{name} is for nothing")
    return OfferedRunner(
        platform=str(data["platform"]),
        version=int(data["version"]),
        files=tuple(_file(entry) for entry in data["files"]),
        plan_classes=classes,
        is_stand_in=bool(data["is_stand_in"]),
        needs_avx=bool(data["needs_avx"]),
        glibc=_pair(data["glibc"]),
        unpacked_bytes=int(data["unpacked_bytes"]),
        tickets=int(data.get("tickets", 1)),  # as with the next, an offer from before builds said it
        proven_by=str(data.get("proven_by", "")),
    )


def _pair(data: Any) -> tuple[int, int] | None:
    if data is None:
        return None
    first, second = data
    return int(first), int(second)


def _file(data: Mapping[str, Any]) -> RunnerFile:
    return RunnerFile(
        name=str(data["name"]),
        open_name=str(data["open_name"]),
        md5=str(data["md5"]),
        size=int(data["size"]),
        signature=str(data["signature"]),
        is_main=bool(data["is_main"]),
    )


class RunnerOffer(Mapping[str, OfferedRunner]):
    """What is offered now. It follows the file: what the latest look found counts for everybody who holds this."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._runners = read_offer(folder)

    def refresh(self) -> None:
        self._runners = read_offer(self._folder)

    def __getitem__(self, name: str) -> OfferedRunner:
        return self._runners[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._runners)

    def __len__(self) -> int:
        return len(self._runners)
