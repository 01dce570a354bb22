"""Untried code runs in bubblewrap's sandbox: what it sees there, what it is refused, that there is no other way."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from patience import PATIENCE, until
from processes import ran
from real_parts import SYSTEM_PYTHON, need, skip_without

import axiom
from axiom.domain.work import Outcome
from axiom.errors import ChildKilled, ExperimentError, NoSandbox
from axiom.runner.confine import bubblewrap as sandbox
from axiom.runner.confine.bubblewrap import Sandbox, demand_sandbox
from axiom.runner.direct import compute_here, describe_boxed, describe_here
from axiom.runner.platform.system import system
from axiom.signed.manifests import read_manifest

# Told from within, by a process that has not confined itself: so it is the sandbox that holds it.
LOOK = """
import json, os, resource, socket, sys

def tries(deed):
    try:
        return str(deed())
    except OSError as error:
        return type(error).__name__

input()
tree, beside = sys.argv[1:]
status = dict(line.rstrip("\\n").split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
print(json.dumps({
    "accounts": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
    "rights": [status[name] for name in ("CapPrm", "CapEff", "CapAmb")],
    "no more": status["NoNewPrivs"],
    "processes": sorted(name for name in os.listdir("/proc") if name.isdecimal()),
    "name": os.uname().nodename,
    "networks": [name for _, name in socket.if_nameindex()],
    "root": sorted(os.listdir("/")),
    "beside": os.listdir(os.path.dirname(tree)),
    "network": tries(lambda: socket.create_connection(("192.0.2.1", 9), 1)),
    "words": tries(lambda: open(beside).read()),
    "tree": tries(lambda: open(tree + "/mark", "w")),
    "outside": [tries(lambda: open(place + "/mark", "w")) for place in ("/", "/dev", "/dev/shm", "/usr", "/tmp")],
    "own": tries(lambda: open("mark", "w").write("here")),
    "data": resource.getrlimit(resource.RLIMIT_DATA),
    "processor": resource.getrlimit(resource.RLIMIT_CPU),
    "file": resource.getrlimit(resource.RLIMIT_FSIZE),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "forks": resource.getrlimit(resource.RLIMIT_NPROC),
}))
"""
# A process of its own that starts one in the sandbox, says which they are, and hears it to its end.
STARTS = """
import os, sys
from pathlib import Path
from axiom.runner.confine.bubblewrap import Sandbox

folder = Path(sys.argv[1])
words = [sys.executable, "-I", "-c", *sys.argv[2:]]
process, number = Sandbox(tree=folder / "tree", room=folder / "room").start(words, {"PATH": os.defpath})
print(process.pid, number, flush=True)
print(process.communicate(b"\\n")[0].decode())
"""
SPIN = {"act": "spin", "amount": 0.0}

pytestmark = need("bwrap")


@pytest.fixture
def box(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "room").mkdir()
    return Sandbox(tree=tmp_path / "tree", room=tmp_path / "room", memory_mb=3_000.0)


@pytest.fixture
def words(box, tmp_path):
    """What a process in it says."""
    secret = tmp_path / "secret"
    secret.write_text("a secret of this computer")
    command = [sys.executable, "-I", "-c", LOOK, str(box.tree), str(secret)]
    process, _ = box.start(command, {"PATH": os.defpath, "HOME": "/nowhere"})
    out, err = process.communicate(b"\n", timeout=PATIENCE)
    assert process.returncode == 0, err.decode()
    return json.loads(out)


def test_who_computes_there_has_no_rights_no_neighbour_no_network_and_one_folder(words, box):
    account = sandbox._NOBODY if os.geteuid() == 0 else os.geteuid()
    assert words["accounts"][:3] == [account] * 3
    assert 0 not in words["accounts"]
    assert {int(word, 16) for word in words["rights"]} == {0}
    assert words["no more"] == "1"
    assert (words["processes"], words["name"]) == (["1", "2"], "sandbox")  # bubblewrap's own, and it
    assert words["networks"] == ["lo"]
    assert words["network"] == "OSError"  # unreachable
    assert words["words"] == "FileNotFoundError"
    assert not {"home", "boot", "srv", "mnt", "var", "run"} & set(words["root"])
    assert set(words["beside"]) == {"tree", "room"}
    assert (words["tree"], words["own"]) == ("OSError", "4")
    assert set(words["outside"]) <= {"OSError", "PermissionError", "FileNotFoundError"}
    assert (box.own / "mark").read_text() == "here"
    assert list(box.tree.iterdir()) == []


def test_who_computes_there_is_limited_before_it_begins(words):
    assert words["data"] == [7_000_000_000] * 2
    assert words["file"] == [256 * 1024 * 1024] * 2
    assert words["processor"] == [6 * 3_600] * 2
    assert words["files"] == [256] * 2
    assert 512 <= words["forks"][0] == words["forks"][1] < 100_000


@pytest.fixture(params=["this account", "a person whom root is not"])
def start(request):
    """Start a command in the sandbox from a process of its own, as this account or as another one."""
    account, python = {}, sys.executable
    if request.param == "a person whom root is not":
        skip_without("root", "system python")
        account, python = {"user": sandbox._NOBODY, "group": sandbox._NOBODY, "extra_groups": []}, SYSTEM_PYTHON
    with tempfile.TemporaryDirectory(prefix="axiom-", dir="/tmp") as folder:
        for place in (Path(folder), Path(folder, "tree"), Path(folder, "room")):
            place.mkdir(exist_ok=True)
            os.chown(place, account.get("user", -1), -1)

        def started(*words: str) -> subprocess.Popen[str]:
            return subprocess.Popen(
                [python, "-B", "-c", STARTS, folder, *words],
                stdout=subprocess.PIPE,
                text=True,
                cwd=folder,
                env={"PATH": os.defpath, "PYTHONPATH": str(Path(axiom.__file__).parents[1]), "HOME": "/nowhere"},
                **account,
            )

        yield started


def test_when_whoever_started_it_is_killed_nothing_of_it_lives_on(start):
    with start("import time; time.sleep(50)") as starter:
        outer, command = map(int, starter.stdout.readline().split())
        there = {outer, command, *sandbox._children_of(outer)}
        assert len(there) == 3
        assert all(map(system.is_there, there))
        starter.kill()
    until(lambda: not any(map(system.is_there, there)))


def test_a_person_s_sandbox_has_no_rights_and_nowhere_else_to_write_to_either(start, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("a secret of this computer")
    with start(LOOK, "/usr/tree", str(secret)) as starter:
        out, _ = starter.communicate(timeout=PATIENCE)
    words = json.loads(out.splitlines()[1])
    assert {int(word, 16) for word in words["rights"]} == {0}
    assert set(words["outside"]) <= {"OSError", "PermissionError", "FileNotFoundError"}
    assert words["own"] == "4"
    assert words["words"] != "a secret of this computer"


def computed(files, *cells, **changes):
    limits = {"cpu_limit": 1.0, "wall_limit": PATIENCE, "memory_mb": 200.0, "is_boxed": True} | changes
    return compute_here(files, "axiom.catalogue.probe_cells", cells, on_progress=lambda *_: None, **limits)


def test_the_same_is_computed_and_described_there_and_nothing_of_it_stays(files, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    cells = [({"act": "ok", "amount": 1.0}, 2**62), ({"act": "refuse"}, 1)]
    inside, outside = computed(files, *cells), computed(files, *cells, is_boxed=False)
    assert [(answer.outcome, answer.measures, answer.early, answer.error) for answer in inside] == [
        (answer.outcome, answer.measures, answer.early, answer.error) for answer in outside
    ]
    assert [answer.outcome for answer in computed(files, (SPIN, 1), cells[0])] == [Outcome.LATE, Outcome.OK]
    assert read_manifest(describe_here(files, describe_boxed)) == read_manifest(describe_here(files))
    with pytest.raises(ExperimentError, match="SyntaxError"):
        describe_here(files | {"axiom/catalogue/probe_cells.py": b"def f(:\n"}, describe_boxed)
    demand_sandbox()
    assert list(tmp_path.iterdir()) == []


def test_a_cell_that_lies_about_its_time_is_not_believed(files):
    """It turns the clock back that the process itself reads; what the system has counted it cannot change."""
    source = files["axiom/catalogue/probe_cells.py"].decode()
    spins = (
        "import time as clock\n    real = clock.process_time\n    frozen = real()\n    while real() < frozen + 0.4:\n"
    )
    lies = "        pass\n    clock.process_time = lambda: frozen\n"
    before, _, after = source.partition("def run(")
    head, _, rest = after.partition("\n")
    lying = f"{before}def run({head}\n    {spins}{lies}{rest}".encode()
    (answer,) = computed(files | {"axiom/catalogue/probe_cells.py": lying}, ({"act": "ok"}, 1))
    assert answer.cpu_seconds > 0.3


def test_one_that_is_killed_is_said_to_be_so(files, monkeypatch):
    numbers = []
    start = Sandbox.start

    def watched(self, words, environment):
        process, number = start(self, words, environment)
        numbers.append((process.pid, number))
        return process, number

    monkeypatch.setattr(Sandbox, "start", watched)

    def cells():
        yield {"act": "ok"}, 1
        ((outer, inner),) = numbers
        assert outer != inner
        assert system.usage(inner)[1] > 5  # MB: it is the one that computes, not what stands for it
        os.kill(inner, 9)
        yield {"act": "ok"}, 1

    limits = {"cpu_limit": 1.0, "wall_limit": PATIENCE, "memory_mb": 200.0, "on_progress": lambda *_: None}
    answers = compute_here(files, "axiom.catalogue.probe_cells", cells(), is_boxed=True, **limits)
    assert next(answers).outcome is Outcome.OK
    with pytest.raises(ChildKilled, match="SIGKILL"):
        next(answers)
    assert not system.is_there(numbers[0][1])


def test_without_bubblewrap_nothing_is_computed_in_any_other_way(files, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoSandbox, match="bwrap"):
        demand_sandbox()
    assert "bubblewrap" in sandbox.missing_sandbox_advice()
    with pytest.raises(NoSandbox):
        list(computed(files, ({"act": "ok"}, 1)))
    with pytest.raises(NoSandbox):
        describe_here(files, describe_boxed)


def test_a_bubblewrap_that_makes_no_world_or_cannot_be_started_is_none(monkeypatch, tmp_path):
    """One may find it out at once, or after it has begun and said so."""
    find = 'fd=""; for word in "$@"; do [ "$last" = --info-fd ] && fd=$word; last=$word; done; '
    refuses = 'echo "bwrap: No permissions to create new namespace" >&2\nexit 1\n'
    begins = f'{find}echo "{{\\"child-pid\\": $$}}" > /proc/self/fd/$fd; '
    fake = tmp_path / "bwrap"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.defpath}")
    for text, why in (
        (f"#!/bin/sh\n{refuses}", "No permissions to create new namespace"),
        (f"#!/bin/sh\n{begins}{refuses}", "No permissions to create new namespace"),
        ("no program\n", "Exec format error"),
        ("#!/bin/sh\nexec sleep 600\n", "in 0 seconds"),
    ):
        if "sleep" in text:
            monkeypatch.setattr(sandbox, "_ENTERING", 0.1)
        fake.write_text(text)
        fake.chmod(0o755)
        with pytest.raises(NoSandbox, match=why):
            demand_sandbox()


def test_a_sandbox_that_would_show_a_person_s_own_folder_is_refused(monkeypatch, box):
    monkeypatch.setenv("HOME", str(Path(sys.prefix) / "home"))
    with pytest.raises(NoSandbox, match="home"):
        box.start([sys.executable, "-c", "pass"], {"PATH": os.defpath})


def test_of_a_system_s_own_interpreter_its_libraries_are_shown_and_not_all_of_usr(monkeypatch):
    for place in ("prefix", "base_prefix", "exec_prefix"):
        monkeypatch.setattr(sys, place, "/usr")
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    shown = set(map(str, sandbox._readable_folders()))
    assert {"/usr/bin/python3", "/usr/lib"} <= shown
    assert not {"/", "/usr", "/usr/bin"} & shown


def test_the_command_says_whether_it_can_be_entered(tmp_path):
    command = [sys.executable, "-m", "axiom.runner.confine.bubblewrap"]
    done = ran(command)
    assert (done.returncode, done.stdout) == (0, "Untried code runs in a sandbox: bubblewrap.\n")
    lacking = ran(command, env=os.environ | {"PATH": str(tmp_path)})
    assert lacking.returncode == NoSandbox.exit_code
    assert "There is no bwrap" in lacking.stderr
