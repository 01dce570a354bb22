"""Which runner is offered to which platform: what `D/runners/offer.json` says, with its files beside it.

A file keeps its name and its bytes for ever: a client that has it never asks again.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from axiom.boinc.replies import AppVersion, FileRef, SignedFile
from axiom.errors import CannotStart
from axiom.store.folder import Folder

APP = "axiom"
_API = "7.20.0"
# What of a GPU's kind may stand in a plan class: "ati", "cuda" and "opencl" would make the client ask for more.
_CLASSES = {"": "", "NVIDIA": "nv", "ATI": "amd", "intel_gpu": "intel", "apple_gpu": "apple"}


@dataclass(frozen=True, kw_only=True, slots=True)
class RunnerFile:
    """One file of a runner, signed for BOINC's own check."""

    name: str
    open_name: str
    md5: str
    size: int
    signature: str
    is_main: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Runner:
    """The program for one platform."""

    platform: str
    version: int
    files: tuple[RunnerFile, ...]

    @property
    def size(self) -> int:
        """What a host downloads before its first task, in bytes."""
        return sum(file.size for file in self.files)


def read_offer(folder: Folder) -> Mapping[str, Runner]:
    """The runners that are offered, by BOINC's name of their platform; none where nothing was built yet."""
    try:
        data = json.loads((folder.runners / "offer.json").read_text(encoding="utf-8"))
        return {platform: _runner(platform, each) for platform, each in data["runners"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
        raise CannotStart(
            f"{folder.runners / 'offer.json'} cannot be read ({error}), so no host could be given a runner. "
            "Delete the folder `runners`; it is built again at the next start."
        ) from error


def _runner(platform: str, data: Mapping[str, Any]) -> Runner:
    return Runner(
        platform=platform,
        version=int(data["version"]),
        files=tuple(
            RunnerFile(
                name=str(file["name"]),
                open_name=str(file["open_name"]),
                md5=str(file["md5"]),
                size=int(file["size"]),
                signature=str(file["signature"]),
                is_main=bool(file["is_main"]),
            )
            for file in data["files"]
        ),
    )


def plan_class(gpu: str) -> str:
    """The plan class of work for this kind of GPU; empty for work without one."""
    return _CLASSES.get(gpu, "gpu")


def signed_files(runner: Runner, downloads: str) -> tuple[SignedFile, ...]:
    """The files of a runner as a reply tells of them."""
    return tuple(
        SignedFile(
            name=file.name,
            urls=(downloads + file.name,),
            md5=file.md5,
            bytes=file.size,
            signature=file.signature,
            executable=file.is_main,
        )
        for file in runner.files
    )


def app_version(runner: Runner, *, flops: float, gpu: str = "") -> AppVersion:
    """A runner as the app version of a reply: how fast this host runs it, and with which GPU."""
    return AppVersion(
        app=APP,
        version=runner.version,
        platform=runner.platform,
        plan_class=plan_class(gpu),
        files=tuple(
            FileRef(
                file=file.name,
                open_name="" if file.is_main else file.open_name,
                main_program=file.is_main,
                copy=not file.is_main,
            )
            for file in runner.files
        ),
        api_version=_API,
        cores=0.5 if gpu else 1.0,
        flops=flops,
        coprocessor=gpu,
        coprocessors=1.0 if gpu else 0.0,
    )
