"""The reckoning of the old claims: killed half-way it goes on, and the page says what the laboratory says."""

import contextlib
import json
import os
import random
import re
import runpy
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from patience import PATIENCE
from pyarrow import parquet

sys.path += [str(Path(__file__).resolve().parents[2] / "scripts" / "campaign.d")]

from reckoning.again import as_before
from reckoning.kept import known
from reckoning.order import Wanted, asked_by
from reckoning.page import page

from axiom.lab.registrations.old_claims import OldClaims, read
from axiom.statistics import signed_ranks
from axiom.store.engine.folder import Folder

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "scripts" / "campaign.d" / "reproduce.py"
SCRIPT = ROOT / "docs" / "explanation" / "the-old-claims" / "recompute.py"
campaign = runpy.run_path(str(PROGRAM))
alone = runpy.run_path(str(SCRIPT))
recompute = alone["main"]

EXPERIMENT = """
from dataclasses import dataclass
import time

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.domain.findings import Estimand, Kind, Prediction


@dataclass(frozen=True, kw_only=True)
class Config:
    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float
    is_odd: int


def run(config, seed):
    time.sleep(0.05)
    return Measures(total=config.size * (1 + (seed % 1_000_003) / 1_000_003), is_odd=int(seed % 8 > 0))


PREDICTION = Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.5, 1.5), because="a test")

experiment = Experiment(
    name="tiny_sum",
    version=1,
    question="What is the sum?",
    reference="Gauss",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[1, 2]),
    ranges={"size": (1, 9)},
    estimands=(
        Estimand(name="is_large", claim="sums are large", kind=Kind.LEVEL, measure="total", between=({"size": 2},),
                 null=1.0, smallest=0.1, prediction=PREDICTION),
        Estimand(name="is_odd", claim="sums are odd", kind=Kind.PROPORTION, measure="is_odd", between=({"size": 1},),
                 null=0.5, smallest=0.1, prediction=PREDICTION),
        Estimand(name="grows", claim="sums grow", kind=Kind.CONTRAST, measure="total",
                 between=({"size": 2}, {"size": 1}), smallest=0.1, prediction=PREDICTION),
    ),
    needs=Needs(seconds=lambda config: 0.1, memory_mb=100),
)
"""
CLAIMS = """
[[claim]]
name = "#1"
claim = "sums are large"
experiment = "tiny_sum"
figure = "2.5"
seeds = 1
status = "strong"
source = "S1"
[claim.tests]
"tiny_sum.is_large" = ["as claimed"]

[[claim]]
name = "even"
claim = "sums are even"
experiment = "tiny_sum"
seeds = 1
status = "moderate"
source = "S2"
tested_later = "what is even is not odd"
moderated_by = ["tiny_sum.is_large", "tiny_sum.grows"]
[claim.tests]
"tiny_sum.is_odd" = ["the opposite of the claim"]

[[claim]]
name = "large_by_themselves"
claim = "sums are large by themselves"
experiment = "tiny_sum"
seeds = 1
status = "moderate"
source = "S2"
[claim.tests]
"tiny_sum.is_large" = ["as claimed"]
[claim.overturned_by]
"tiny_sum.is_odd" = ["as claimed"]

[[claim]]
name = "products"
claim = "products are large"
experiment = "tiny_product"
seeds = 0
status = "a hypothesis"
source = "S2"

[[link]]
from = "#1"
kind = "explains"
to = "products"
source = "S2"
why = "it was thought"
"""


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "tiny_sum.py").write_text(EXPERIMENT)
    (folder / "old_claims.toml").write_text(CLAIMS)
    return folder


def words(catalogue: Path, place: Path) -> list[str]:
    return ["--data", str(place / "lab"), "--catalogue", str(catalogue), "--into", str(place)]


def files(place: Path) -> dict[str, bytes]:
    return {
        file.name: file.read_bytes()
        for file in place.rglob("*")
        if file.is_file() and place / "lab" not in file.parents
    }


@pytest.fixture(scope="module")
def reckoned(catalogue, tmp_path_factory):
    """A place where everything was computed without a stop."""
    place = tmp_path_factory.mktemp("whole")
    assert campaign["main"](["--hours", "1", *words(catalogue, place)]) == 0
    return place


def killed_half_way(catalogue: Path, lab: Path) -> int:
    """What the campaign starts, in a session of its own of which nothing is left; how many cells were back by then."""
    command = [campaign["axiom_command"](), "experiment", "run", str(catalogue / "tiny_sum.py"), "--replicates", "32"]
    with subprocess.Popen([*command, "--quiet", "--data", str(lab)], start_new_session=True) as process:
        try:
            ends = time.monotonic() + PATIENCE
            while (back := stored(lab)) < 10 and time.monotonic() < ends and process.poll() is None:
                time.sleep(0.1)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    return back


def stored(lab: Path) -> int:
    """How many cells the laboratory has."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(Folder(path=lab).database)) as db:
        return db.execute("SELECT count(*) FROM result").fetchone()[0]
    return 0


def test_killed_half_way_it_goes_on_and_the_page_is_the_same(catalogue, reckoned, tmp_path):
    assert 10 <= killed_half_way(catalogue, tmp_path / "lab") < 64
    assert campaign["main"](["--hours", "1", *words(catalogue, tmp_path)]) == 0
    assert files(tmp_path) == files(reckoned)


def test_a_claim_with_too_few_seeds_is_not_judged(catalogue, reckoned):
    (found,) = known(Folder(path=reckoned / "lab")).values()
    few = {name: replace(told, said=replace(told.said, seeds=24)) for name, told in found.findings.items()}
    text = page(read(catalogue / "old_claims.toml"), {"tiny_sum": replace(found, findings=few)}, {}, ())
    assert "### Not yet: sums are large" in text
    assert "- *Not yet*: sums are large. 24 seeds, median " in text
    assert "; 32 seeds are asked for. `tiny_sum.is_large`" in text
    assert "so it is" not in text


def test_the_page_says_what_became_of_each_claim(reckoned):
    text = (reckoned / "the-old-claims.md").read_text()
    assert "| stands | 1 |" in text
    assert "| does not stand | 1 |" in text
    assert "| depends | 1 |" in text
    assert "So far 3 of 4 claims are judged." in text
    assert "### Depends: sums are large by themselves" in text
    assert "- *A control overturns it*: sums are odd: **so it is** (Moderate). 32 seeds, share 0.906 [" in text
    assert "| not yet | 1 |" in text
    assert "### Stands: sums are large\n\n*Then* (S1, #1): 2.5; one seed; called “strong”." in text
    assert "### Does not stand: sums are even" in text
    assert "- *Against it*: sums are odd: **so it is** (Moderate). 32 seeds, share 0.906 [" in text
    assert "- Products are large (S2: no number is left; not computed; called “a hypothesis”). `tiny_product`" in text
    assert "- “sums are large” (stands) *explains* “products are large” (not yet). S2: it was thought." in text
    assert max(len(line) for line in text.splitlines() if line.startswith("|")) < 120


def test_of_a_claim_whose_tests_were_chosen_late_the_page_says_so(reckoned):
    text = " ".join((reckoned / "the-old-claims.md").read_text().split())
    assert "For 1 claim it was said only when the numbers were known" in text
    said = "What tests it was said when the numbers were known: what is even is not odd."
    assert text.count("What tests it was said") == text.count(f"speaks against it. {said}") == 1


def test_a_session_of_the_reckoning_orders_nothing(reckoned):
    numbers = json.loads((reckoned / "the-old-claims" / "numbers.json").read_text())
    assert [(one["estimand"], one["seeds"], one["missing"]) for one in numbers] == [
        ("tiny_sum.grows", 32, 0),
        ("tiny_sum.is_large", 32, 0),
        ("tiny_sum.is_odd", 32, 0),
    ]
    assert parquet.read_table(reckoned / "the-old-claims" / "values.parquet").num_rows == 96


def test_without_a_laboratory_the_page_stays_as_it_is(catalogue, copied):
    (copied / "tiny_sum.svg").write_text("<svg/>")
    assert campaign["main"](["--page", *words(catalogue, copied.parent)]) == 0
    for file in ("the-old-claims.md", "the-old-claims/numbers.json", "the-old-claims/values.parquet"):
        assert (copied.parent / file).read_bytes() == (copied.parent / "before" / file).read_bytes(), file
    assert (copied / "tiny_sum.svg").read_text() == "<svg/>"
    assert recompute([str(copied)]) == 0


def test_fewer_seeds_than_are_written_change_nothing(catalogue, copied):
    run = [campaign["axiom_command"](), "experiment", "run", str(catalogue / "tiny_sum.py"), "--replicates", "8"]
    subprocess.run([*run, "--quiet", "--data", str(copied.parent / "lab")], check=True, timeout=PATIENCE)
    assert campaign["main"](["--page", *words(catalogue, copied.parent)]) == 0
    assert (copied.parent / "the-old-claims.md").read_text() == (
        copied.parent / "before" / "the-old-claims.md"
    ).read_text()


def test_more_seeds_than_are_written_take_their_place(catalogue, copied, reckoned):
    """The record is cut down to its first eight seeds of each estimand; the laboratory has all."""
    table = parquet.read_table(copied / "values.parquet")
    few = [row for row in table.to_pylist() if row["replicate"] < 8]
    parquet.write_table(type(table).from_pylist(few), copied / "values.parquet")
    lab = ["--data", str(reckoned / "lab"), "--catalogue", str(catalogue), "--into", str(copied.parent)]
    assert campaign["main"](["--page", *lab]) == 0
    assert files(copied.parent / "the-old-claims") == files(reckoned / "the-old-claims")


def test_what_earlier_rules_said_is_weighed_again_and_told(catalogue, copied, reckoned):
    file = copied / "numbers.json"
    lines = [{**one, "method": 1} for one in json.loads(file.read_text())]
    lines[0] |= {"centre": "median", "low": 0.0, "high": 9.0}
    for one in lines[:2]:
        one |= {"verdict": "undecided", "meaning": "undecided", "grade": "Awaiting"}
    file.write_text(json.dumps(lines))
    for option in ("--weigh-again", "--weigh-again", "--page"):  # what was weighed again stays
        assert campaign["main"]([option, *words(catalogue, copied.parent)]) == 0
        assert json.loads((copied / "earlier.json").read_text()) == lines
        for name in ("numbers.json", "values.parquet"):
            assert (copied / name).read_bytes() == (reckoned / "the-old-claims" / name).read_bytes()
        text = (copied.parent / "the-old-claims.md").read_text()
        assert "1 have a narrower interval now, 0 a wider one and 0 one as wide" in text
        assert "2 of 3 findings have another verdict or grade:" in text
        assert "- `tiny_sum.grows`, sums grow: before **undecided** (Awaiting), 32 seeds, median 1." in text
        assert "[0, 9]; now **so it is** (Moderate), 32 seeds, typical value 1." in text
        assert "2 of 4 claims came out otherwise:" in text
        assert "- Sums are large (S1, #1): before “undecided”; now “stands”." in text
        assert recompute([str(copied)]) == 0


def test_what_earlier_rules_said_of_other_values_is_not_compared(reckoned):
    now = known(Folder(path=reckoned / "lab"))
    (told,) = [one for one in now["tiny_sum"].findings.values() if one.estimand["name"] == "grows"]
    fewer = {"grows": replace(told, said=replace(told.said, seeds=24))}
    assert as_before(now, {"tiny_sum": replace(now["tiny_sum"], findings=fewer)}) == now


LAWS = {
    "even": lambda drawn: drawn.gauss(0.3, 1.0),
    "skewed": lambda drawn: drawn.expovariate(1.0),
    "few numbers": lambda drawn: float(drawn.randint(-2, 4)),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("missing", [0.0, 0.1])
@pytest.mark.parametrize("n", [1, 6, 32, 200])
def test_signed_ranks_come_out_alike_without_anything_of_ours(law, missing, n):
    drawn = random.Random(n)
    values = [None if place and drawn.random() < missing else LAWS[law](drawn) for place in range(n)]
    stream = signed_ranks.stream(values)
    expected = (stream.middle, *signed_ranks.interval(stream))
    assert all(map(alone["same"], expected, alone["typical"](values, None)))


def test_another_version_has_nothing_written_of_it(catalogue, copied, tmp_path):
    (copied / "tiny_sum.svg").write_text("<svg/>")
    shutil.copytree(catalogue, tmp_path / "newer")
    file = tmp_path / "newer" / "tiny_sum.py"
    file.write_text(file.read_text().replace("version=1", "version=2"))
    assert campaign["main"](["--page", *words(tmp_path / "newer", copied.parent)]) == 0
    assert "| not yet | 4 |" in (copied.parent / "the-old-claims.md").read_text()
    assert not (copied / "tiny_sum.svg").exists()


@pytest.fixture
def copied(reckoned, tmp_path):
    """The page with its numbers, to be falsified."""
    for place in (tmp_path, tmp_path / "before"):
        shutil.copytree(reckoned / "the-old-claims", place / "the-old-claims")
        shutil.copy(reckoned / "the-old-claims.md", place)
    return tmp_path / "the-old-claims"


def falsified(folder: Path, **changes) -> None:
    table = parquet.read_table(folder / "values.parquet").to_pylist()
    table[5] |= changes
    parquet.write_table(
        type(parquet.read_table(folder / "values.parquet")).from_pylist(table), folder / "values.parquet"
    )


def test_every_row_comes_out_again_without_anything_of_ours(copied, capsys):
    assert recompute([str(copied)]) == 0
    assert (
        capsys.readouterr().out
        == "Seeds, estimates and intervals of 3 estimands, from 96 values, are as the page says.\n"
    )
    needed = set(re.findall(r"^ *(?:from|import) (\w+)", SCRIPT.read_text(), re.MULTILINE))
    assert needed - set(sys.stdlib_module_names) == {"pyarrow"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"value": 9.0}, "its values are not those that were weighed"),
        ({"value": None}, "missing is 0 in numbers.json, and comes out as 1"),
        ({"seed": 42}, "replicate 5 has another seed"),
        ({"estimand": "is_small"}, "tiny_sum.is_small: it has values, and nothing was concluded from them"),
    ],
)
def test_a_falsified_value_is_found(copied, capsys, changes, problem):
    falsified(copied, **changes)
    assert recompute([str(copied)]) == 1
    assert problem in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("../the-old-claims.md", "share 0.906 [", "share 0.976 [", "the page says '32 seeds, share 0.976 ["),
        ("../the-old-claims.md", "`tiny_sum.is_odd`", "`tiny_sum.is_new`", "the page shows it, and there is no number"),
        ("numbers.json", '"estimate": 0.90625', '"estimate": 0.97625', "estimate is 0.97625 in numbers.json"),
    ],
)
def test_a_falsified_row_is_found(copied, capsys, file, before, after, problem):
    text = (copied / file).read_text()
    assert before in text
    (copied / file).write_text(text.replace(before, after))
    assert recompute([str(copied)]) == 1
    assert problem in capsys.readouterr().out


def test_without_its_files_it_says_so(copied, capsys):
    (copied / "numbers.json").unlink()
    assert recompute([str(copied)]) == 2
    assert "cannot be weighed" in capsys.readouterr().err


def test_without_any_time_nothing_is_computed_and_nothing_is_judged(catalogue, tmp_path, capsys):
    assert campaign["main"](["--hours", "0", *words(catalogue, tmp_path)]) == 0
    assert "No time was left for tiny_sum" in capsys.readouterr().out
    assert "| not yet | 4 |" in (tmp_path / "the-old-claims.md").read_text()
    assert not (tmp_path / "lab").exists()


def test_what_a_new_version_of_an_experiment_computed_before_does_not_count(reckoned):
    folder = Folder(path=reckoned / "lab")
    one = Wanted(name="tiny_sum", version=1, seconds=0.2, seeds=32, claims=2)
    assert campaign["progress"](one, folder)[0] == 32
    assert campaign["progress"](replace(one, version=2), folder) == (0, 0.2)


def test_a_file_that_cannot_be_read_keeps_no_other_waiting(catalogue, tmp_path, capsys):
    shutil.copytree(catalogue, tmp_path / "catalogue")
    (tmp_path / "catalogue" / "tiny_sum.py").write_text("import nothing_of_this_name")
    assert campaign["main"](["--hours", "1", *words(tmp_path / "catalogue", tmp_path)]) == 1
    assert "Went wrong: tiny_sum." in capsys.readouterr().out


def test_an_unknown_experiment_is_refused(catalogue, tmp_path, capsys):
    with pytest.raises(SystemExit):
        campaign["main"](["--hours", "1", "--only", "tiny_difference", *words(catalogue, tmp_path)])
    assert "no claim is asked by tiny_difference" in capsys.readouterr().err


def test_either_it_computes_or_it_writes_the_page_alone(catalogue, tmp_path, capsys):
    for given in ([], ["--hours", "1", "--page"], ["--page", "--weigh-again"]):
        with pytest.raises(SystemExit):
            campaign["main"]([*given, *words(catalogue, tmp_path)])
    assert "give one of --hours, --page and --weigh-again" in capsys.readouterr().err


def test_what_asks_a_claim_and_decides_it_is_listed(catalogue):
    asked = asked_by(read(catalogue / "old_claims.toml").claims)
    assert asked == {"tiny_sum": {"#1", "even", "large_by_themselves"}}


def test_a_figure_of_what_is_there_no_more_is_removed(tmp_path):
    stale = tmp_path / "the-old-claims" / "tiny_sum.svg"
    stale.parent.mkdir()
    stale.touch()
    campaign["written"](tmp_path, OldClaims(), Folder(path=tmp_path / "lab"), tmp_path)
    assert not stale.exists()


def test_a_page_of_nothing_judges_nothing(catalogue):
    listed = read(catalogue / "old_claims.toml")
    text = page(OldClaims(claims=listed.claims[:2]), {}, {}, {"tiny_sum"})
    assert "| not yet | 2 |" in text
    assert "`tiny_sum`: 0 of 32 seeds are weighed." in text
    assert "## How they hung together" not in text


def test_a_command_is_ended_before_the_campaign_ends(tmp_path, monkeypatch):
    """An interrupt that reaches the campaign alone is handed on."""
    folder = SimpleNamespace(path=tmp_path)
    code = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(60)"
    monkeypatch.setitem(campaign["has_ended"].__globals__, "_PATIENCE_SECONDS", 0.2)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        campaign["waited"]([sys.executable, "-c", code], folder)
    timer.join()
    signal.signal(signal.SIGINT, before)
