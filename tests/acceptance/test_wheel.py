"""What an index gets: wheel and sources. The wheel, in a fresh environment without a checkout, is a laboratory."""

import contextlib
import email
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE

import axiom

ROOT = Path(axiom.__file__).parents[2]
PACKAGE = Path(axiom.__file__).parent
UV = str(ROOT / ".tools" / "uv" / "bin" / "uv")


def uv(*words: object, **variables: str) -> None:
    """uv, with what the lock names taken from its cache; the index is asked only for what is not there."""
    command = [UV if Path(UV).exists() else shutil.which("uv") or "uv", "--quiet", *map(str, words)]
    done = subprocess.run(
        command, env=os.environ | variables, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources, and with the wheel that was built from nothing else."""
    folder = tmp_path_factory.mktemp("built")
    uv("build", "--out-dir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (made,) = built.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment that pipx would make: the locked packages, the wheel, compiled, and nothing of the checkout."""
    environment = tmp_path_factory.mktemp("fresh") / "venv"
    locked = ("sync", "--frozen", "--no-dev", "--no-install-project", "--project", ROOT, "--python", sys.executable)
    uv(*locked, "--compile-bytecode", UV_PROJECT_ENVIRONMENT=str(environment))
    python = environment / "bin" / "python"
    uv("pip", "install", "--offline", "--no-deps", "--compile-bytecode", "--python", python, wheel)
    uv("pip", "check", "--python", python)
    yield environment
    shutil.rmtree(environment)


def package_files() -> set[str]:
    return {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if not name.endswith("/") and ".dist-info/" not in name}
        texts = [archive.read(name).decode(errors="replace") for name in held]
    assert held == package_files()
    assert {path.rsplit(".", 1)[-1] for path in held} >= {
        "py",
        "sql",
        "html",
        "css",
        "toml",
        "json",
        "md",
        "ttf",
        "woff2",
    }
    assert not [text for text in texts if str(ROOT) in text or str(Path.home()) + "/" in text]


def test_the_sources_hold_what_a_wheel_is_built_from_and_nothing_else(built: Path) -> None:
    (sources,) = built.glob("*.tar.gz")
    with tarfile.open(sources) as archive:
        held = {one.name.partition("/")[2] for one in archive.getmembers() if one.isfile()}
    beside = {name for name in held if not name.startswith("src/")}
    assert {name.removeprefix("src/") for name in held - beside} == package_files()
    assert beside - {"pyproject.toml.orig"} == {
        *("PKG-INFO", "pyproject.toml", "LICENSE", "LICENSE-DATA.md", "docs/package.md"),
    }


def test_an_index_is_told_whose_it_is_and_what_it_may_show(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        told = email.message_from_bytes(archive.read(name))
        licences = [path for path in archive.namelist() if "/licenses/" in path and not path.endswith("/")]
    assert (told["Name"], told["Version"]) == ("axiom", axiom.__version__)
    assert all(told[field] for field in ("Summary", "Author", "Keywords", "License-Expression", "Requires-Python"))
    assert {kind.partition(" :: ")[0] for kind in told.get_all("Classifier")} >= {"Operating System", "Topic"}
    assert len(licences) == len(told.get_all("License-File")) == 5
    readme = told.get_payload()
    assert (told["Description-Content-Type"], "# Axiom" in readme) == ("text/markdown", True)
    assert not re.search(r"\]\((?!https://)|<img", readme), "a link into a checkout leads nowhere on an index"


def test_a_fresh_environment_makes_a_laboratory_and_serves_it(installed: Path, tmp_path: Path) -> None:
    data = tmp_path / "lab"
    assert typed(installed, tmp_path, "--version") == f"axiom {axiom.__version__}\n"
    typed(installed, tmp_path, "init", data, "--name", "Small networks", "--url", "https://lab.example.org/")
    with started(installed, tmp_path, "serve", "--port", "0", "--data", data) as (process, address):
        for page, holds in (
            ("", b"Small networks"),
            ("healthz", b"true"),
            ("get_project_config.php", b"Small networks"),
        ):
            assert holds in page_of(address + page)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0


def test_a_fresh_environment_computes_a_result_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    data = tmp_path / "lab"
    with started(installed, tmp_path, "lab", "--port", "0", "--workers", "1", "--data", data) as (process, address):
        assert str(ROOT) not in Path(f"/proc/{process.pid}/maps").read_text()
        assert results(address, until=time.monotonic() + PATIENCE) > 0
        for page in ("", "static/style.css"):
            assert page_of(address + page)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 130


def clean() -> dict[str, str]:
    """The environment without a word of ours, and tasks so small that the first is of one replicate."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AXIOM", "VIRTUAL"))}
    return kept | {"AXIOM_TASK_SECONDS": "0.5"}


def typed(installed: Path, place: Path, *words: object) -> str:
    command = [installed / "bin" / "axiom", *map(str, words)]
    done = subprocess.run(
        command, cwd=place, env=clean(), capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextlib.contextmanager
def started(installed: Path, place: Path, *words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A laboratory of this environment and its address; it is gone afterwards, however the test ends."""
    command = [str(installed / "bin" / "axiom"), *map(str, words)]
    with (place / "errors").open("w") as errors:
        process = subprocess.Popen(command, cwd=place, env=clean(), stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address, (place / "errors").read_text()
        yield process, address
    finally:
        if process.stdout:
            process.stdout.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def page_of(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=PATIENCE) as reply:  # noqa: S310  our own address
        return bytes(reply.read())


def results(address: str, until: float) -> int:
    """How many results there are, as soon as there is one."""
    found = 0
    while found == 0 and time.monotonic() < until:
        time.sleep(0.5)
        found = json.loads(page_of(address + "status.json"))["status"]["totals"]["result"]
    return found
