"""The program as an index has it and as it is installed: wheel and sources, a laboratory without a checkout, a pipe."""

import email
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from changed_database import wait_for_change
from patience import PATIENCE
from processes import ran
from real_parts import need, part
from running_lab import AXIOM, axiom

import axiom as package

PACKAGE = Path(package.__file__).parent
ROOT = PACKAGE.parents[1]


def uv(*words: object, **variables: str) -> None:
    """uv, with what the lock names taken from its cache; the index is asked only for what is not there."""
    command = [part("uv"), "--quiet", *map(str, words)]
    done = ran(command, env=os.environ | variables)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources of all distributions, and with the wheels that were built from nothing else."""
    folder = tmp_path_factory.mktemp("built")
    uv("build", "--all-packages", "--out-dir", folder, ROOT)
    return folder


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An environment that pipx would make: the locked packages, the wheels, compiled, and nothing of the checkout."""
    environment = tmp_path_factory.mktemp("fresh") / "venv"
    locked = ("sync", "--frozen", "--no-dev", "--no-install-workspace", "--project", ROOT, "--python", sys.executable)
    uv(*locked, "--compile-bytecode", UV_PROJECT_ENVIRONMENT=str(environment))
    python = environment / "bin" / "python"
    wheels = [wheel for wheel in built.glob("*.whl") if not wheel.name.startswith("axiom_adopt-")]  # an extra
    uv("pip", "install", "--offline", "--no-deps", "--compile-bytecode", "--python", python, *wheels)
    uv("pip", "check", "--python", python)
    yield environment
    shutil.rmtree(environment)


@need("uv")
def test_wheel_and_sources_hold_the_package_and_tell_an_index_whose_it_is(built: Path) -> None:
    package_files = {
        path.relative_to(PACKAGE.parent).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    (wheel,), (sources,) = built.glob("axiom_lab-*.whl"), built.glob("axiom_lab-*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        inside = {name for name in names if ".dist-info/" not in name}
        ours = [name for name in inside if not name.startswith("axiom/documents/")]  # which speak of an operator's home
        texts = [archive.read(name).decode(errors="replace") for name in ours]
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        facts = email.message_from_bytes(archive.read(metadata))
        licences = [name for name in names if "/licenses/" in name]
    assert inside == package_files
    assert not [text for text in texts if str(ROOT) in text or str(Path.home()) + "/" in text]
    with tarfile.open(sources) as archive:
        inside = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    beside = {name for name in inside if not name.startswith("src/")}
    assert {name.removeprefix("src/") for name in inside - beside} == package_files
    assert beside - {"pyproject.toml.orig"} == {
        *("PKG-INFO", "pyproject.toml", "LICENSE", "LICENSE-DATA.md", "docs/package.md")
    }
    assert (facts["Name"], facts["Version"]) == ("axiom-lab", package.__version__)
    assert all(facts[field] for field in ("Summary", "Author", "Keywords", "License-Expression", "Requires-Python"))
    assert {kind.partition(" :: ")[0] for kind in facts.get_all("Classifier")} >= {"Operating System", "Topic"}
    assert len(licences) == len(facts.get_all("License-File")) == 5
    assert facts["Description-Content-Type"] == "text/markdown"
    assert not re.search(r"\]\((?!https://)|<img", facts.get_payload()), "a link into a checkout leads nowhere there"


@need("uv")
def test_a_fresh_environment_makes_a_laboratory_and_computes_without_a_checkout(
    installed: Path, tmp_path: Path
) -> None:
    data, program = tmp_path / "lab", str(installed / "bin" / "axiom")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "AXIOM", "VIRTUAL"))}
    made = subprocess.run(
        [program, "init", data, "--name", "Small networks"], cwd=tmp_path, env=clean, capture_output=True, check=False
    )
    assert made.returncode == 0, made.stderr
    with (data / "axiom.toml").open("a") as settings:
        settings.write("task_seconds = 0.5\n")
    with (tmp_path / "errors").open("w") as errors:
        process = subprocess.Popen(
            [program, "lab", "--port", "0", "--workers", "1", "--data", data],
            cwd=tmp_path,
            env=clean,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        assert process.stdout
        address = process.stdout.readline().strip()
        assert address, (tmp_path / "errors").read_text()
        assert str(ROOT) not in Path(f"/proc/{process.pid}/maps").read_text()

        def page(path: str) -> bytes:
            with urllib.request.urlopen(address + path, timeout=PATIENCE) as reply:  # noqa: S310  our own address
                return bytes(reply.read())

        def results() -> int:
            return int(json.loads(page("status.json"))["status"]["totals"]["result"])

        for path, holds in (("", b"Small networks"), ("healthz", b"true"), ("get_project_config.php", b"<name>")):
            assert holds in page(path)
        assert page("static/style.css")
        wait_for_change(data, results, (tmp_path / "errors").read_text)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


def test_a_reader_who_has_seen_enough_and_a_disk_without_room_are_no_faults_of_ours(tmp_path: Path) -> None:
    def unread(*words: str, is_all: bool = False) -> tuple[int, str | None]:
        """Exit code and remarks of a command whose standard output nobody reads; with `is_all` nobody reads either."""
        reading, writing = os.pipe()
        os.close(reading)
        remarks = writing if is_all else subprocess.PIPE
        done = subprocess.run([AXIOM, *words], stdout=writing, stderr=remarks, text=True, check=False, timeout=PATIENCE)
        os.close(writing)
        return done.returncode, done.stderr

    listing = ("experiment", "list", "--data", str(tmp_path))
    for words in (listing, ("--help",), ("help", "exit-codes"), ()):
        assert unread(*words) == (0, ""), words
    assert unread("finding", "paper", is_all=True) == (0, None)
    for words in (listing, (*listing, "--json"), ("--version",)):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [AXIOM, *words], stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=PATIENCE
            )
        assert (done.returncode, len(done.stderr.splitlines())) == (5, 1), done.stderr
        assert "No space left on device" in done.stderr


def test_help_costs_little_fits_a_screen_and_words_are_completed() -> None:
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    ours, theirs = [], []
    for _ in range(5):  # on a shared computer everything costs more, and so does its measure here
        before = spent()
        shown = axiom("--help")
        between = spent()
        subprocess.run([sys.executable, "-c", "import click"], check=True)
        ours.append(between - before)
        theirs.append(spent() - between)
    assert min(ours) <= 1.8 * min(theirs)
    assert len(shown.stdout.splitlines()) <= 30
    assert "_AXIOM_COMPLETE" in axiom("completion", "bash").stdout
    environment = {**os.environ, "_AXIOM_COMPLETE": "bash_complete", "COMP_WORDS": "axiom exp", "COMP_CWORD": "1"}
    done = ran([AXIOM], env=environment)
    assert "experiment" in done.stdout
