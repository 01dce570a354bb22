"""The systemd unit starts a command that exists, and lets it do no more than it must."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from patience import PATIENCE
from running_lab import AXIOM

import axiom
from axiom.settings import Settings
from axiom.web.probes import PATHS

UNIT = Path(axiom.__file__).parents[2] / "deploy" / "axiom.service"
INSTALL = UNIT.with_name("install-service")
CONTAINER = UNIT.with_name("Containerfile")
HOWTO = UNIT.parents[1] / "docs" / "howto" / "run-as-a-service.md"
ANALYZE = shutil.which("systemd-analyze")
MOST_EXPOSED = 25  # tenths of systemd's own score, in which 100 is a service without any protection
# What keeps bubblewrap from making its world: seen with systemd 252, one by one. Without it volunteers get nothing new.
BARRED = ("RestrictNamespaces", "ProtectHostname", "MemoryDenyWriteExecute")
ASKED = {"SystemCallFilter": ("@mount", "capset", "sethostname"), "RestrictAddressFamilies": ("AF_NETLINK",)}


@pytest.fixture(scope="module")
def service() -> dict[str, str]:
    """The last value of each key of the section [Service]."""
    section = UNIT.read_text(encoding="utf-8").split("[Service]\n")[1].split("\n[")[0]
    lines = [line for line in section.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_what_it_starts_exists_and_takes_these_words(service: dict[str, str]) -> None:
    from axiom.cli.main import axiom as program

    path, *words = service["ExecStart"].split()
    assert Path(path).name == AXIOM.name
    done = CliRunner().invoke(program, [*words, "--help"])
    assert done.exit_code == 0, done.output
    assert service["Environment"] == f"AXIOM_DATA={service['ReadWritePaths']}"
    assert service["ReadWritePaths"] == f"/var/lib/{service['StateDirectory']}"
    assert Settings.__dataclass_fields__["host"].default == "127.0.0.1", "the page says that it listens there"


def test_it_comes_back_and_may_write_its_folder_alone(service: dict[str, str]) -> None:
    wanted = {
        "Restart": "always",
        "ProtectSystem": "strict",
        "ProtectHome": "yes",
        "PrivateTmp": "yes",
        "NoNewPrivileges": "yes",
        "CapabilityBoundingSet": "",
        "StateDirectoryMode": "0700",
        "UMask": "0077",
    }
    assert {name: service.get(name) for name in wanted} == wanted


def test_untried_code_can_be_tried_in_it(service: dict[str, str]) -> None:
    assert not {*BARRED} & {*service}, "JAX writes machine code and runs it, and bubblewrap makes a world of its own"
    for name, words in ASKED.items():
        assert {*words} <= {*service[name].split()}, "the last line of a list adds to what is allowed"


@pytest.mark.parametrize(("words", "status"), [(["--help"], 0), (["--remoev"], 2), (["--url"], 2)])
def test_words_that_are_off_install_nothing(words: list[str], status: int) -> None:
    done = subprocess.run([INSTALL, *words], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == status, done.stderr
    assert status == 0 or "Nothing was changed" in done.stderr


def test_what_it_installs_is_where_the_unit_and_its_page_look(service: dict[str, str]) -> None:
    words = dict(re.findall(r"^(program|data|unit)=(\S+)$", INSTALL.read_text(), re.MULTILINE))
    assert service["ExecStart"].split()[0] == f"{words['program']}/bin/axiom"
    assert service["ReadWritePaths"] == words["data"]
    assert Path(words["unit"]).name == UNIT.name
    assert INSTALL.relative_to(UNIT.parents[1]).as_posix() in HOWTO.read_text(encoding="utf-8")


def test_the_page_names_the_paths_of_the_unit(service: dict[str, str]) -> None:
    text = HOWTO.read_text(encoding="utf-8")
    for path in (service["ExecStart"].split()[0].rsplit("/bin/", 1)[0], service["ReadWritePaths"]):
        assert re.search(rf"{re.escape(path)}\b", text), path


def test_the_containers_are_made_of_files_that_are_there() -> None:
    text = CONTAINER.read_text(encoding="utf-8")
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for word in line.split()}
    root = UNIT.parents[1]
    let_in = {line[1:] for line in (root / ".containerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == let_in
    assert {name for name in copied if not (root / name).exists()} == set()
    asked = re.search(r"127\.0\.0\.1:8080(/\w+)", CONTAINER.with_name("compose.yaml").read_text(encoding="utf-8"))
    assert asked is not None
    assert asked[1] in PATHS


@pytest.mark.skipif(ANALYZE is None, reason="systemd is not on this computer")
def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    unit = tmp_path / "axiom.service"
    unit.write_text(UNIT.read_text().replace("/opt/axiom/bin/axiom", str(AXIOM)))
    verified = analyze("verify", "--recursive-errors=no", unit)
    assert (verified.returncode, verified.stderr) == (0, "")
    exposed = analyze("security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSED}", unit)
    assert exposed.returncode == 0, exposed.stdout.splitlines()[-1]


def analyze(*words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ANALYZE or "", *map(str, words)], capture_output=True, text=True, check=False, timeout=PATIENCE
    )
