import platform
from pathlib import Path

from axiom.domain.fleet import Platform, name_instructions

_SYSTEMS = {"darwin": "macos"}
_PROCESSORS = {"amd64": "x86_64", "aarch64": "arm64"}


def platform_here(cpuinfo: Path = Path("/proc/cpuinfo")) -> Platform:
    system, processor = platform.system().lower(), platform.machine().lower()
    processor = _PROCESSORS.get(processor, processor)
    return Platform(
        system=_SYSTEMS.get(system, system), processor=processor, instructions=_instructions(processor, cpuinfo)
    )


def _instructions(processor: str, cpuinfo: Path) -> str:
    if processor == "arm64":
        return "neon"
    if not cpuinfo.exists():
        return "avx2"  # every x86 host without this file that JAX still supports has it
    return name_instructions(frozenset(cpuinfo.read_text(errors="replace").split()))
