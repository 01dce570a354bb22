"""Which program a host's client computes with: ours, or one that its volunteer brings (BOINC's anonymous platform)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from axiom.boinc.requests import HeldVersion, SchedulerRequest
from axiom.decisions.hosts.runners import SuitableRunners, suit
from axiom.domain.fleet import GPU_KINDS
from axiom.domain.runners import OfferedRunner
from axiom.server.scheduler.identify import PLATFORMS
from axiom.server.scheduler.runners import APP

# How BOINC's client tells of the C library, behind the name of the system: "… [6.1.0-18-amd64|libc 2.36]".
_GLIBC = re.compile(rb"\|libc ([0-9]{1,3})\.([0-9]{1,3})")
_PLAN_CLASS = re.compile(r"[A-Za-z0-9_.\-]{0,63}").fullmatch


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    platform: str
    version: int
    plan_class: str


def suited(request: SchedulerRequest, instructions: str, runners: Mapping[str, OfferedRunner]) -> SuitableRunners:
    platforms = request.platforms[:1] if request.anonymous else request.platforms
    match = _GLIBC.search(request.host_info)
    glibc = (int(match[1]), int(match[2])) if match else None
    return suit(platforms, instructions, glibc, runners.values())


def ours(runner: OfferedRunner, gpu: str) -> Program:
    return Program(platform=runner.platform, version=runner.version, plan_class=runner.plan_class(gpu))


def brought(request: SchedulerRequest) -> dict[str, Program]:
    if not request.anonymous:
        return {}
    # Of several for one kind the first counts.
    return {
        app_version.coprocessor: _as_program(app_version)
        for app_version in reversed(request.app_versions)
        if _is_of_use(app_version)
    }


def _as_program(version: HeldVersion) -> Program:
    return Program(platform=version.platform, version=version.version, plan_class=version.plan_class)


def _is_of_use(version: HeldVersion) -> bool:
    is_known = version.platform in PLATFORMS and version.coprocessor in ("", *GPU_KINDS)  # nothing a host made up
    return version.app == APP and is_known and _PLAN_CLASS(version.plan_class) is not None
