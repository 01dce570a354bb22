"""The systemd unit starts a command that exists, and lets it do no more than it must; systemd itself reads it."""

import re
import subprocess
from pathlib import Path

import pytest
from processes import ran
from real_parts import need, part
from running_lab import AXIOM, typed

import axiom
from axiom.settings import Settings
from axiom.web.probes import PATHS

ROOT = Path(axiom.__file__).parents[2]
UNIT = ROOT / "deploy" / "axiom.service"
INSTALL = UNIT.with_name("install-service")
CONTAINER = UNIT.with_name("Containerfile")
HOWTO = ROOT / "docs" / "howto" / "run-as-a-service.md"
MOST_EXPOSED = 25  # tenths of systemd's own score, in which 100 is a service without any protection
# What keeps bubblewrap from making its world: seen with systemd 252, one by one. Without it volunteers get nothing new.
BARRED = ("RestrictNamespaces", "ProtectHostname", "MemoryDenyWriteExecute")
WANTED = {"SystemCallFilter": ("@mount", "capset", "sethostname"), "RestrictAddressFamilies": ("AF_NETLINK",)}
LIMITS = {
    "Restart": "always",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "StateDirectoryMode": "0700",
    "UMask": "0077",
}


@pytest.fixture(scope="module")
def service() -> dict[str, str]:
    """The last value of each key of the section [Service]."""
    section = UNIT.read_text(encoding="utf-8").split("[Service]\n")[1].split("\n[")[0]
    lines = [line for line in section.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_what_it_starts_exists_and_may_write_its_folder_alone(service: dict[str, str]) -> None:
    path, *words = service["ExecStart"].split()
    assert Path(path).name == AXIOM.name
    assert typed(*words, "--help").returncode == 0
    assert service["Environment"] == f"AXIOM_DATA={service['ReadWritePaths']}"
    assert service["ReadWritePaths"] == f"/var/lib/{service['StateDirectory']}"
    assert Settings.__dataclass_fields__["host"].default == "127.0.0.1", "the page says that it listens there"
    assert {name: service.get(name) for name in LIMITS} == LIMITS
    assert not {*BARRED} & {*service}, "JAX writes machine code and runs it, and bubblewrap makes a world of its own"
    for name, words in WANTED.items():
        assert {*words} <= {*service[name].split()}, "the last line of a list adds to what is allowed"


def test_its_installer_and_its_page_name_the_same_places(service: dict[str, str]) -> None:
    for words, status in ((["--help"], 0), (["--remoev"], 2), (["--url"], 2)):
        done = ran([INSTALL, *words])
        assert done.returncode == status, done.stderr
    words = dict(re.findall(r"^(program|data|unit)=(\S+)$", INSTALL.read_text(), re.MULTILINE))
    assert service["ExecStart"].split()[0] == f"{words['program']}/bin/axiom"
    assert service["ReadWritePaths"] == words["data"]
    assert Path(words["unit"]).name == UNIT.name
    page = HOWTO.read_text(encoding="utf-8")
    for path in (INSTALL.relative_to(ROOT).as_posix(), words["program"], words["data"]):
        assert re.search(rf"{re.escape(path)}\b", page), path


def test_the_containers_are_made_of_files_that_are_there() -> None:
    text = CONTAINER.read_text(encoding="utf-8")
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for word in line.split()}
    let_in = {line[1:] for line in (ROOT / ".containerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_in
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    probe = re.search(r"127\.0\.0\.1:8080(/\w+)", CONTAINER.with_name("compose.yaml").read_text(encoding="utf-8"))
    assert probe is not None
    assert probe[1] in PATHS


@need("systemd")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    unit = tmp_path / "axiom.service"
    unit.write_text(UNIT.read_text().replace("/opt/axiom/bin/axiom", str(AXIOM)))

    def analyze(*words: object) -> "subprocess.CompletedProcess[str]":
        command = [part("systemd-analyze"), *map(str, words)]
        return ran(command)

    verified = analyze("verify", "--recursive-errors=no", unit)
    assert (verified.returncode, verified.stderr) == (0, "")
    exposed = analyze("security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", unit)
    assert exposed.returncode == 0, exposed.stdout.splitlines()[-1]
