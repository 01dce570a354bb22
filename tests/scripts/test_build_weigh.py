"""The wheel axiom-weigh in a Python that has NumPy and nothing else: the same card as `axiom weigh`."""

import email
import json
import site
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from patience import PATIENCE
from real_parts import part, skip_without

from axiom.cli.finding.weigh import weigh

ROOT = Path(__file__).parents[2]
ROWS = [
    f"{seed},{arm},{seed * 7 % 20 + (arm == 'ours') * (1 + seed % 3)}" for seed in range(20) for arm in ("ours", "base")
]
WORDS = ["runs.csv", "--by", "arm", "--of", "ours", "base", "--json"]


def run(*command, folder: Path, status: int = 0) -> subprocess.CompletedProcess[str]:
    words = list(map(str, command))
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert ended.returncode == status, ended.stderr
    return ended


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with a table and with an environment into which the wheel is installed."""
    skip_without("uv")
    folder, uv = tmp_path_factory.mktemp("alone"), part("uv")
    run(ROOT / "scripts" / "build-weigh", "--out", folder / "dist", folder=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    run(uv, "venv", "--quiet", "--offline", "--python", sys.executable, "env", folder=folder)
    where = ("--python", "env/bin/python")
    run(uv, "pip", "install", "--quiet", "--offline", "--no-deps", *where, wheel, folder=folder)
    (packages,) = (folder / "env" / "lib").glob("python3*/site-packages")
    for installed in map(Path, site.getsitepackages()):
        for name in ("numpy", "numpy.libs"):
            if (installed / name).exists():
                (packages / name).symlink_to(installed / name)
    (folder / "runs.csv").write_text("\n".join(["seed,arm,value", *ROWS]), encoding="utf-8")
    return folder


def test_it_asks_for_numpy_alone_and_carries_its_licences(place):
    (wheel,) = (place / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        names = packed.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        needed = email.message_from_bytes(packed.read(metadata)).get_all("Requires-Dist")
    assert [package for package in needed if "extra" not in package] == ["numpy>=2"]
    licences = {Path(name).name for name in names if "/licenses/" in name and name[-1] != "/"}
    assert licences == {"LICENSE", "OFL-Literata.txt"}
    assert wheel.stat().st_size < 400_000


@pytest.mark.parametrize("words", [["--help"], ["--out"], ["--out", "dist", "more"]])
def test_words_that_the_script_does_not_know_build_nothing(words, tmp_path):
    skip_without("uv")
    run(ROOT / "scripts" / "build-weigh", *words, folder=tmp_path, status=2)
    assert not list(tmp_path.iterdir())


def test_its_card_is_that_of_axiom(place, monkeypatch):
    card = run("env/bin/axiom-weigh", *WORDS, folder=place).stdout
    monkeypatch.chdir(place)
    assert json.loads(card) == json.loads(CliRunner().invoke(weigh, WORDS).stdout)


def test_its_python_is_that_of_axiom_without_the_laboratory(place):
    code = (
        "import sys, axiom_weigh as a;"
        "values = [1.5, 2, 1, 3, 2.5, 1.2, 2.2, 1.7, 1.4, 2.1, 0.9, 2.8, 2.6, 1.1, 1.9, 2.4];"
        "card = a.assert_effect(values, estimand='contrast'); both = a.weigh_all(card, a.compare([1, 2], [0, 1.5]));"
        "print(card.verdict, a.plan(1).verdict, both.cards[1].n_seeds, len(both.upheld), hasattr(a, 'open'));"
        "print(*sorted(name for name in sys.modules if name == 'axiom' or name.startswith('axiom.')))"
    )
    printed = run("env/bin/python", "-c", code, folder=place).stdout
    assert printed.splitlines() == ["effect + (16, 24) 2 1 False", ""]


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["--version"], 0),
        (["--plan", "0.5"], 0),
        ([*WORDS, "--fail-unless", "effect -"], 1),
        (["runs.csv", "--estimand", "nonsense"], 2),
        ([], 2),
        (["none.csv"], 3),
        (["runs.csv", "--no-such-option"], 2),
    ],
)
def test_its_exit_status_is_honest(words, status, place):
    errors = run("env/bin/axiom-weigh", *words, folder=place, status=status).stderr
    assert "Traceback" not in errors
    assert (status < 2) or errors.startswith(("axiom-weigh: ", "usage: axiom-weigh"))
