"""What can be built: the platforms by BOINC's names, and where the parts of a build lie."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCKS = Path(__file__).with_name("locks")
CUDA = 13  # the generation that runner-cuda.in names; a driver has to know it
PYTHON = "3.11"  # the oldest that the locks serve, and the one of wheels that wait for an interpreter


@dataclass(frozen=True, kw_only=True, slots=True)
class Platform:
    """One kind of computer: BOINC's name for it, and the one that wheels go by."""

    name: str
    wheels: str
    system: str
    processor: str


PLATFORMS = {
    platform.name: platform
    for platform in (
        Platform(name="x86_64-pc-linux-gnu", wheels="x86_64-manylinux_2_28", system="linux", processor="x86_64"),
        Platform(
            name="aarch64-unknown-linux-gnu", wheels="aarch64-manylinux_2_28", system="linux", processor="aarch64"
        ),
        Platform(name="windows_x86_64", wheels="x86_64-pc-windows-msvc", system="win32", processor="AMD64"),
        Platform(name="arm64-apple-darwin", wheels="aarch64-apple-darwin", system="darwin", processor="arm64"),
    )
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """One runner to build."""

    platform: Platform
    interpreter: Path | None  # the prefix of a Python for that platform; without one it is fetched, or wheels are all
    has_gpu: bool
    preset: int  # how hard the zip is compressed

    @property
    def plan_class(self) -> str:
        """BOINC's name for what the runner needs beside the platform."""
        return f"nv_{CUDA}" if self.has_gpu else ""

    @property
    def name(self) -> str:
        """The folder of what is built."""
        return "-".join(filter(None, (self.platform.name, self.plan_class)))

    @property
    def fetches_interpreter(self) -> bool:
        """Does the index have a Python for that platform? Of Windows it has one that bears its maker's signature."""
        return self.platform.system == "win32" and self.interpreter is None

    @property
    def lock(self) -> Path:
        """The hashed list of packages."""
        return LOCKS / ("runner-cuda.lock" if self.has_gpu else "runner.lock")
