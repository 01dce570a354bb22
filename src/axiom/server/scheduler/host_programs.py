"""Which program a host's client computes with: ours, or one that its volunteer brings (BOINC's anonymous platform)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from axiom.boinc.replies import AppVersion, FileRef, SignedFile
from axiom.boinc.requests import HeldVersion, SchedulerRequest
from axiom.domain.fleet import GPU_KINDS
from axiom.domain.runners import OfferedRunner
from axiom.locale.languages import mark
from axiom.rules.hosts.suitable_runners import SuitableRunners, choose_suitable_runners

APP = "axiom"
_API = "7.20.0"
# What BOINC calls a platform, in our words.
PLATFORMS = {
    "x86_64-pc-linux-gnu": ("linux", "x86_64"),
    "aarch64-unknown-linux-gnu": ("linux", "arm64"),
    "windows_x86_64": ("windows", "x86_64"),
    "windows_arm64": ("windows", "arm64"),
    "arm64-apple-darwin": ("macos", "arm64"),
    "x86_64-apple-darwin": ("macos", "x86_64"),
}
# How BOINC's client tells of the C library, behind the name of the system: "… [6.1.0-18-amd64|libc 2.36]".
_GLIBC = re.compile(rb"\|libc ([0-9]{1,3})\.([0-9]{1,3})")
NONE_BROUGHT = mark(
    "the file app_info.xml in its project folder names no program for our tasks. Name the app axiom there, with the "
    "platform of this computer as BOINC calls it, x86_64-pc-linux-gnu for instance. Or remove the file and start BOINC "
    "again: then it fetches our program by itself"
)
_PLAN_CLASS = re.compile(r"[A-Za-z0-9_.\-]{0,63}").fullmatch


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    platform: str
    version: int
    plan_class: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HostPrograms:
    """The programs with which a client computes, by the kind of GPU; "" is without."""

    own: Mapping[str, Program]  # that its volunteer brings
    ours: SuitableRunners

    @property
    def by_gpu(self) -> Mapping[str, Program | OfferedRunner]:
        return self.own or self.ours.runners


def find_programs(request: SchedulerRequest, instructions: str, runners: Mapping[str, OfferedRunner]) -> HostPrograms:
    if request.anonymous:
        own = _brought_programs(request)
        return HostPrograms(own=own, ours=SuitableRunners(runners={}, reason="" if own else NONE_BROUGHT))
    return HostPrograms(own={}, ours=suitable_runners(request, instructions, runners))


def signed_files(runners: Iterable[OfferedRunner], downloads: str) -> tuple[SignedFile, ...]:
    files = {file.name: file for runner in runners for file in runner.files}
    return tuple(
        SignedFile(
            name=file.name,
            urls=(downloads + file.name,),
            md5=file.md5,
            bytes=file.size,
            signature=file.signature,
            executable=file.is_main,
        )
        for file in files.values()
    )


def app_version(runner: OfferedRunner, *, flops: float, gpu: str = "", cores: int = 1) -> AppVersion:
    """The runner as a client knows it for tasks on a GPU, or on so many cores; `flops` are those of one."""
    return AppVersion(
        app=APP,
        version=runner.version,
        platform=runner.platform,
        plan_class=_plan_class(runner, gpu, cores),
        files=tuple(
            FileRef(
                file=file.name,
                open_name="" if file.is_main else file.open_name,
                main_program=file.is_main,
                copy=file.is_copied,
            )
            for file in runner.files
        ),
        api_version=_API,
        cores=0.5 if gpu else float(cores),
        flops=flops * cores,
        coprocessor=gpu,
        coprocessors=1.0 if gpu else 0.0,
    )


def suitable_runners(
    request: SchedulerRequest, instructions: str, runners: Mapping[str, OfferedRunner]
) -> SuitableRunners:
    match = _GLIBC.search(request.host_info)
    glibc = (int(match[1]), int(match[2])) if match else None
    cuda = max((coprocessor.cuda for coprocessor in request.coprocessors), default=0)
    return choose_suitable_runners(request.platforms, instructions, glibc, runners.values(), cuda)


def describe_program(runner: OfferedRunner, gpu: str, cores: int = 1) -> Program:
    return Program(platform=runner.platform, version=runner.version, plan_class=_plan_class(runner, gpu, cores))


def _plan_class(runner: OfferedRunner, gpu: str, cores: int) -> str:
    """What a volunteer names in `app_config.xml` to change how many cores such tasks have: `mt4`, for four."""
    return f"mt{cores}" if cores > 1 else runner.plan_class(gpu)


def _brought_programs(request: SchedulerRequest) -> dict[str, Program]:
    # Of several for one kind the first counts.
    return {
        version.coprocessor: Program(platform=version.platform, version=version.version, plan_class=version.plan_class)
        for version in reversed(request.app_versions)
        if _is_of_use(version)
    }


def _is_of_use(version: HeldVersion) -> bool:
    is_known = version.platform in PLATFORMS and version.coprocessor in ("", *GPU_KINDS)  # nothing a host made up
    return version.app == APP and is_known and _PLAN_CLASS(version.plan_class) is not None
