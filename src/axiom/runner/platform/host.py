import platform
from pathlib import Path

from axiom.domain.fleet import Platform

_SYSTEMS = {"darwin": "macos"}
_PROCESSORS = {"amd64": "x86_64", "aarch64": "arm64"}
_AVX512 = {"avx512f", "avx512dq", "avx512vl"}


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
    flags = set(cpuinfo.read_text(errors="replace").split())
    if flags >= _AVX512:
        return "avx512"
    return next((name for name in ("avx2", "avx") if name in flags), "none")
