"""The wheel: in a fresh environment, without a checkout, it is a laboratory that computes."""

import json
import os
import shutil
import signal
import subprocess
import sys
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
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    uv("build", "--wheel", "--out-dir", folder, ROOT)
    (made,) = folder.glob("*.whl")
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


def test_every_file_of_the_package_is_in_the_wheel(wheel: Path) -> None:
    wanted = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("axiom/") and not name.endswith("/")}
    assert {path.rsplit(".", 1)[-1] for path in held} >= {"py", "sql", "html", "css"}
    assert wanted - held == set()


def test_a_fresh_environment_computes_a_result_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    data = tmp_path / "lab"
    small = {"AXIOM_TASK_SECONDS": "0.5"}  # so that the first task is of one replicate
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AXIOM", "VIRTUAL"))}
    started = [str(installed / "bin" / "axiom"), "lab", "--port", "0", "--workers", "1", "--data", str(data)]
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            started, cwd=tmp_path, env=clean | small, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address, (tmp_path / "errors").read_text()
        assert str(ROOT) not in Path(f"/proc/{process.pid}/maps").read_text()
        assert results(address, until=time.monotonic() + PATIENCE) > 0
        for page in ("", "static/style.css"):
            with urllib.request.urlopen(address + page, timeout=PATIENCE) as reply:  # noqa: S310  our own address
                assert reply.read()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE) == 130
    finally:
        if process.stdout:
            process.stdout.close()
        if process.poll() is None:
            process.kill()
            process.wait()


def results(address: str, until: float) -> int:
    """How many results there are, as soon as there is one."""
    found = 0
    while found == 0 and time.monotonic() < until:
        time.sleep(0.5)
        with urllib.request.urlopen(address + "status.json", timeout=PATIENCE) as reply:  # noqa: S310  our own address
            found = json.loads(reply.read())["status"]["totals"]["result"]
    return found
