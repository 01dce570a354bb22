"""Builds axiom-weigh into build/weigh: the modules that `axiom weigh` needs, as a package of their own.

The package is called axiom_weigh, so that it can stand beside Axiom itself. Apart from that name the modules are those
of `src/axiom`, letter for letter.

    scripts/build-weigh [--out DIR]
"""

import argparse
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from axiom import __version__
from axiom.web.export.script import modules_of

ROOT = Path(__file__).resolve().parent.parent
UV = ROOT / ".tools" / "uv" / "bin" / "uv"
ENTRIES = (
    "axiom.cli.finding.weigh_alone",
    "axiom.figures.worker",  # a process of its own, which nothing imports
    *(
        f"axiom.notebook.{name}"
        for name in ("assert_effect", "compare", "many_claims", "plan", "pytest_plugin", "weigh")
    ),
)
_MODULE = re.compile(r"\baxiom(?=\.| import )")
_COMMAND = re.compile(r"\baxiom weigh\b")
_PROJECT = """[build-system]
requires = ["uv_build>=0.13,<0.14"]
build-backend = "uv_build"

[project]
name = "axiom-weigh"
version = "{version}"
description = "How sure is it? Weighs numbers of several seeds, however often you look."
readme = "README.md"
license = "Apache-2.0 AND OFL-1.1"
license-files = ["LICENSE", "OFL-Literata.txt"]
requires-python = ">=3.11"
dependencies = ["numpy>=2"]

[project.optional-dependencies]
pictures = ["altair>=6", "vl-convert-python>=1.8"]

[project.scripts]
axiom-weigh = "axiom_weigh.cli.finding.weigh_alone:main"

[project.entry-points.pytest11]
axiom_weigh = "axiom_weigh.notebook.pytest_plugin"
"""


def main() -> None:
    """Build the wheel and say where it lies."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "weigh", help="a folder; build/weigh")
    out = parser.parse_args().out.resolve()
    with tempfile.TemporaryDirectory() as place:
        lay_out(Path(place))
        subprocess.run([UV, "build", "--quiet", "--wheel", "--out-dir", out, place], check=True)
    for wheel in sorted(out.glob(f"axiom_weigh-{__version__}-*.whl")):
        print(wheel)


def lay_out(place: Path) -> None:
    """The project as a build backend wants it."""
    package = place / "src" / "axiom_weigh"
    for name, source in sources().items():
        file = package.joinpath(*name.split(".")).with_suffix(".py")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source, encoding="utf-8")
    for folder in {file.parent for file in package.rglob("*.py")} - {package}:
        above = ROOT / "src" / "axiom" / folder.relative_to(package) / "__init__.py"
        shutil.copy(above, folder / "__init__.py")
    shutil.copytree(ROOT / "src" / "axiom" / "figures" / "fonts", package / "figures" / "fonts")
    shutil.copy(ROOT / "LICENSE", place)
    shutil.copy(package / "figures" / "fonts" / "OFL-Literata.txt", place)
    shutil.copy(ROOT / "docs" / "howto" / "axiom-weigh.md", place / "README.md")
    (place / "pyproject.toml").write_text(_PROJECT.format(version=__version__), encoding="utf-8")


def sources() -> Mapping[str, str]:
    """From a module's name within the package to its source."""
    found = {name.removeprefix("axiom."): _renamed(source) for name, source in modules_of(*ENTRIES).items()}
    whole = (ROOT / "src" / "axiom" / "__init__.py").read_text(encoding="utf-8")
    return found | {"__init__": _renamed("".join(line for line in whole.splitlines(True) if '"open"' not in line))}


def _renamed(source: str) -> str:
    return _COMMAND.sub("axiom-weigh", _MODULE.sub("axiom_weigh", source))


if __name__ == "__main__":
    main()
