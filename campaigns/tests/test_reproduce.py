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
from old_claims import compute
from old_claims.laboratory import computed_experiments
from old_claims.order import Wanted, asked_by
from old_claims.page import page
from old_claims.weigh_again import as_before
from patience import PATIENCE
from pyarrow import parquet

from axiom.domain.estimands import Direction
from axiom.laboratory.experiments.old_claims import read_old_claims
from axiom.store.engine.folder import Folder
from axiom_weigh.statistics import signed_ranks

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "campaigns" / "campaign" / "reproduce.py"
SCRIPT = ROOT / "docs" / "explanation" / "the-old-claims" / "recompute.py"
campaign = runpy.run_path(str(PROGRAM))
makers = runpy.run_path(str(PROGRAM.with_name("makers_answers.py")))
alone = runpy.run_path(str(SCRIPT))
recompute = alone["main"]

EXPERIMENT = """
import time
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Figure, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction


@dataclass(frozen=True, kw_only=True)
class Config:
    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float
    is_odd: int


def run(config, seed):
    time.sleep(0.05)  # so that it can be killed half-way
    return Measures(total=config.size * (1 + (seed % 1_000_003) / 1_000_003), is_odd=int(seed % 8 > 0))


def asked(name, claim, kind, measure, *sizes, **more):
    prediction = Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.5, 1.5), because="a test")
    between = tuple({"size": size} for size in sizes)
    return Estimand(name=name, claim=claim, kind=kind, measure=measure, between=between, smallest=0.1,
                    expects=Direction.MORE, prediction=prediction, **more)


experiment = Experiment(
    name="tiny_sum", version=1, question="What is the sum?", reference="Gauss", run=run, measures=Measures,
    sweep=grid(Config, size=[1, 2]), ranges={"size": (1, 9)},
    needs=Needs(seconds=lambda config: 0.1, memory_mb=100),
    figure=Figure(x="size", y="total", title="Totals"),
    estimands=(
        asked("is_large", "sums are large", Kind.LEVEL, "total", 2, null=1.0),
        asked("is_odd", "sums are odd", Kind.PROPORTION, "is_odd", 1, null=0.5),
        asked("grows", "sums grow", Kind.CONTRAST, "total", 2, 1),
    ),
)
"""
CLAIMS = """
[[claim]]
name = "#1"
claim = "sums are large"
tests = { "tiny_sum.is_large" = ["effect +"] }
figure = "2.5"
BESIDE

[[claim]]
name = "even"
claim = "sums are even"
tests = { "tiny_sum.is_odd" = ["effect −"] }
tested_later = "what is even is not odd"
moderated_by = ["tiny_sum.is_large", "tiny_sum.grows"]
BESIDE

[[claim]]
name = "large_by_themselves"
claim = "sums are large by themselves"
tests = { "tiny_sum.is_large" = ["effect +"] }
overturned_by = { "tiny_sum.is_odd" = ["effect +"] }
BESIDE

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
""".replace("BESIDE", 'experiment = "tiny_sum"\nseeds = 1\nstatus = "moderate"\nsource = "S1"')


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "tiny_sum.py").write_text(EXPERIMENT)
    (folder / "old_claims.toml").write_text(CLAIMS)
    return folder


def words(catalogue: Path, place: Path) -> list[str]:
    return ["--data", str(place / "lab"), "--catalogue", str(catalogue), "--into", str(place)]


def written(catalogue: Path, place: Path, *words_of_it: str) -> str:
    """The page, after a run of the campaign that went well."""
    assert campaign["main"]([*words_of_it, *words(catalogue, place)]) == 0
    return (place / "the-old-claims.md").read_text()


def files(place: Path) -> dict[str, bytes]:
    kept = (file for file in place.rglob("*") if file.is_file() and place / "lab" not in file.parents)
    return {file.name: file.read_bytes() for file in kept}


@pytest.fixture(scope="module")
def reckoned(catalogue, tmp_path_factory):
    """A place where everything was computed without a stop."""
    place = tmp_path_factory.mktemp("whole")
    written(catalogue, place, "--hours", "1")
    return place


@pytest.fixture
def copied(reckoned, tmp_path):
    """The page with its numbers, to be falsified."""
    for place in (tmp_path, tmp_path / "before"):
        shutil.copytree(reckoned / "the-old-claims", place / "the-old-claims")
        shutil.copy(reckoned / "the-old-claims.md", place)
    return tmp_path / "the-old-claims"


def run_apart(catalogue: Path, lab: Path, replicates: int) -> subprocess.Popen:
    """What the campaign starts, in a session of its own."""
    command = [*compute.axiom_command(), "experiment", "run", catalogue / "tiny_sum.py", "--quiet", "--data", lab]
    return subprocess.Popen([*command, "--replicates", str(replicates)], start_new_session=True)


def stored(lab: Path) -> int:
    """How many cells the laboratory has."""
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(Folder(path=lab).database)) as db:
        return db.execute("SELECT count(*) FROM result").fetchone()[0]
    return 0


def test_killed_half_way_it_goes_on_and_the_page_is_the_same(catalogue, reckoned, tmp_path):
    with run_apart(catalogue, tmp_path / "lab", 32) as process:
        try:
            ends = time.monotonic() + PATIENCE
            while (cells := stored(tmp_path / "lab")) < 10 and time.monotonic() < ends and process.poll() is None:
                time.sleep(0.01)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert 10 <= cells < 64
    written(catalogue, tmp_path, "--hours", "1")
    assert files(tmp_path) == files(reckoned)


def test_a_claim_with_too_few_seeds_is_not_judged(catalogue, reckoned):
    (found,) = computed_experiments(Folder(path=reckoned / "lab")).values()
    few = {name: replace(told, conclusion=replace(told.conclusion, seeds=24)) for name, told in found.findings.items()}
    text = page(read_old_claims(catalogue / "old_claims.toml"), {"tiny_sum": replace(found, findings=few)}, {}, ())
    assert "| not yet | 4 |" in text
    assert "So far 0 of 4 claims" in text


def test_the_page_says_what_became_of_each_claim(reckoned):
    text = " ".join((reckoned / "the-old-claims.md").read_text().split())
    for row in ("| stands | 1 |", "| does not stand | 1 |", "| depends | 1 |", "| not yet | 1 |"):
        assert row in text
    for claim, became in (("large", "stands"), ("even", "does not stand"), ("large by themselves", "depends")):
        assert re.search(rf"### Claimed: sums are {claim} \*Then\*.{{0,200}}? \*Now\*: \*\*{became}\*\*:", text)
    assert text.count("is above 50 %. Moderate: 32 seeds, share 0.906 [") == 2
    assert "sums are odd" not in text
    assert "“sums are large” (stands) *explains* “products are large” (not yet)." in text
    assert text.count("What tests it was said") == 1  # that it was chosen late
    assert "known: what is even is not odd." in text
    numbers = json.loads((reckoned / "the-old-claims" / "numbers.json").read_text())
    assert [(line["estimand"], line["seeds"], line["missing"]) for line in numbers] == [
        ("tiny_sum.grows", 32, 0),
        ("tiny_sum.is_large", 32, 0),
        ("tiny_sum.is_odd", 32, 0),
    ]
    assert parquet.read_table(reckoned / "the-old-claims" / "values.parquet").num_rows == 96


def test_neither_no_laboratory_nor_fewer_seeds_change_what_is_written(catalogue, copied):
    (copied / "tiny_sum.svg").write_text("<svg/>")
    written(catalogue, copied.parent, "--page")
    for file in ("the-old-claims.md", "the-old-claims/numbers.json", "the-old-claims/values.parquet"):
        assert (copied.parent / file).read_bytes() == (copied.parent / "before" / file).read_bytes(), file
    assert (copied / "tiny_sum.svg").read_text() == "<svg/>"
    assert recompute([str(copied)]) == 0
    with run_apart(catalogue, copied.parent / "lab", 8) as process:
        assert process.wait(PATIENCE) == 0
    assert written(catalogue, copied.parent, "--page") == (copied.parent / "before" / "the-old-claims.md").read_text()


def test_more_seeds_than_are_written_take_their_place(catalogue, copied, reckoned):
    """The record is cut down to its first eight seeds of each estimand; the laboratory has all."""
    table = parquet.read_table(copied / "values.parquet")
    few = [row for row in table.to_pylist() if row["replicate"] < 8]
    parquet.write_table(type(table).from_pylist(few), copied / "values.parquet")
    lab = ["--data", str(reckoned / "lab"), "--catalogue", str(catalogue), "--into", str(copied.parent)]
    assert campaign["main"](["--page", *lab]) == 0
    assert files(copied.parent / "the-old-claims") == files(reckoned / "the-old-claims")


def test_what_a_figure_shows_is_recorded_and_stays_without_a_laboratory(catalogue, reckoned, tmp_path):
    for file in catalogue.iterdir():
        shutil.copy(file, tmp_path)
    for lab in (reckoned / "lab", tmp_path / "none"):
        place = ["--data", str(lab), "--catalogue", str(tmp_path), "--into", str(reckoned)]
        assert campaign["main"](["--page", *place]) == 0
        (row,) = json.loads((tmp_path / "recorded_sweeps.json").read_text())
        assert (row["experiment"], row["version"]) == ("tiny_sum", 1)
        (first, second) = row["estimates"]
        assert first[:2] == [0, 32]
        assert second[:2] == [1, 32]
        assert second[2:] == pytest.approx([2 * number for number in first[2:]], rel=1e-3)
        assert 1 < first[3] < first[2] < first[4] < 2


def test_answers_of_questions_that_ask_no_old_claim_are_added_to_what_is_written(catalogue, tmp_path):
    for file in catalogue.iterdir():
        shutil.copy(file, tmp_path)
    source = (catalogue / "tiny_sum.py").read_text().replace('name="tiny_sum"', 'name="own_sum"')
    source = source.replace("import Experiment, ", "import Experiment, Headline, ")
    headline = 'headlines=(Headline(says="Larger sums are larger", when={"grows": Direction.MORE}),),'
    (tmp_path / "own_sum.py").write_text(source.replace("    figure=", f"    {headline}\n    figure="))
    other = {"experiment": "other", "version": 3, "estimand": "is_kept", "at": "2026-01-02"}
    (tmp_path / "recorded_answers.json").write_text(json.dumps([other]))
    (tmp_path / "recorded_sweeps.json").write_text("[]")
    words = ["--data", str(tmp_path / "lab"), "--catalogue", str(tmp_path)]
    assert makers["main"](["--hours", "1", *words]) == 0
    (kept, *rows) = json.loads((tmp_path / "recorded_answers.json").read_text())
    assert kept == other
    assert {(row["experiment"], row["estimand"], len(row["values"])) for row in rows} == {("own_sum", "grows", 32)}
    (sweep,) = json.loads((tmp_path / "recorded_sweeps.json").read_text())
    assert sweep["experiment"] == "own_sum"


def test_what_earlier_rules_said_is_weighed_again_and_told(catalogue, copied, reckoned):
    file = copied / "numbers.json"
    lines = [{**line, "method": 1} for line in json.loads(file.read_text())]
    lines[0] |= {"centre": "median", "low": 0.0, "high": 9.0}
    for line in lines[:2]:
        line |= {"verdict": "undecided", "meaning": "undecided", "grade": "Awaiting"}
    file.write_text(json.dumps(lines))
    for option in ("--weigh-again", "--weigh-again", "--page"):  # what was weighed again stays
        text = written(catalogue, copied.parent, option)
        assert json.loads((copied / "earlier.json").read_text()) == lines
        for name in ("numbers.json", "values.parquet"):
            assert (copied / name).read_bytes() == (reckoned / "the-old-claims" / name).read_bytes()
        assert "1 have a narrower interval now, 0 a wider one and 0 one as wide" in text
        assert "2 of 3 findings have another verdict or grade:" in text
        assert "Before **undecided** (Awaiting), 32 seeds, median 1." in text
        assert "[0, 9]; now **effect +** (Moderate), 32 seeds, typical value 1." in text
        assert "2 of 4 claims came out otherwise:" in text
        assert recompute([str(copied)]) == 0


def test_what_earlier_rules_said_of_other_values_is_not_compared(reckoned):
    now = computed_experiments(Folder(path=reckoned / "lab"))
    (grows,) = [finding for finding in now["tiny_sum"].findings.values() if finding.estimand["name"] == "grows"]
    fewer = {"grows": replace(grows, conclusion=replace(grows.conclusion, seeds=24))}
    assert as_before(now, {"tiny_sum": replace(now["tiny_sum"], findings=fewer)}) == now


def test_a_claim_of_less_is_upheld_by_less(reckoned):
    now = computed_experiments(Folder(path=reckoned / "lab"))
    (grows,) = [finding for finding in now["tiny_sum"].findings.values() if finding.estimand["name"] == "grows"]
    assert grows.footing.expects == grows.estimand["expects"]
    assert replace(grows, estimand={**grows.estimand, "expects": "-"}).footing.expects is Direction.LESS


LAWS = {
    "even": lambda drawn: drawn.gauss(0.3, 1.0),
    "skewed": lambda drawn: drawn.expovariate(1.0),
    "few numbers": lambda drawn: float(drawn.randint(-2, 4)),
}


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(("n", "missing"), [(1, 0.0), (6, 0.1), (32, 0.0), (32, 0.1), (200, 0.1)])
def test_signed_ranks_come_out_alike_without_anything_of_ours(law, missing, n):
    drawn = random.Random(n)
    values = [None if place and drawn.random() < missing else LAWS[law](drawn) for place in range(n)]
    stream = signed_ranks.make_stream(values)
    expected = (stream.middle, *signed_ranks.find_interval(stream))
    assert all(map(alone["same"], expected, alone["typical"](values, None)))


def test_another_version_has_nothing_written_of_it_and_nothing_computed(catalogue, copied, reckoned, tmp_path):
    (copied / "tiny_sum.svg").write_text("<svg/>")
    shutil.copytree(catalogue, tmp_path / "newer")
    file = tmp_path / "newer" / "tiny_sum.py"
    file.write_text(file.read_text().replace("version=1", "version=2"))
    assert "| not yet | 4 |" in written(tmp_path / "newer", copied.parent, "--page")
    assert not (copied / "tiny_sum.svg").exists()  # a figure of what is there no more
    folder, first = Folder(path=reckoned / "lab"), Wanted(name="tiny_sum", version=1, seconds=0.2, seeds=32, claims=2)
    assert compute.progress(first, folder)[0] == 32
    assert compute.progress(replace(first, version=2), folder) == (0, 0.2)


def test_every_row_comes_out_again_without_anything_of_ours(copied, capsys):
    assert recompute([str(copied)]) == 0
    assert {"3", "96"} <= set(re.findall(r"\d+", capsys.readouterr().out))  # estimands, values
    needed = set(re.findall(r"^ *(?:from|import) (\w+)", SCRIPT.read_text(), re.MULTILINE))
    assert needed - set(sys.stdlib_module_names) == {"pyarrow"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"value": 9.0}, "its values are not those"),
        ({"value": None}, "missing is 0 in numbers.json, and comes out as 1"),
        ({"seed": 42}, "replicate 5 "),
        ({"estimand": "is_small"}, "tiny_sum.is_small: "),
    ],
)
def test_a_falsified_value_is_found(copied, capsys, changes, problem):
    table = parquet.read_table(copied / "values.parquet")
    rows = table.to_pylist()
    rows[5] |= changes
    parquet.write_table(type(table).from_pylist(rows), copied / "values.parquet")
    assert recompute([str(copied)]) == 1
    assert problem in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "before", "after", "problem"),
    [
        ("../the-old-claims.md", "share 0.906 [", "share 0.976 [", "the page says '32 seeds, share 0.976 ["),
        ("../the-old-claims.md", "`tiny_sum.is_odd`", "`tiny_sum.is_new`", "tiny_sum.is_new: "),
        ("numbers.json", '"estimate": 0.90625', '"estimate": 0.97625', "estimate is 0.97625 in numbers.json"),
    ],
)
def test_a_falsified_row_is_found(copied, capsys, file, before, after, problem):
    text = (copied / file).read_text()
    assert before in text
    (copied / file).write_text(text.replace(before, after))
    assert recompute([str(copied)]) == 1
    assert problem in capsys.readouterr().out


def test_without_its_files_nothing_is_weighed(copied):
    (copied / "numbers.json").unlink()
    assert recompute([str(copied)]) == 2


def test_without_any_time_nothing_is_computed_and_nothing_is_judged(catalogue, tmp_path):
    text = written(catalogue, tmp_path, "--hours", "0")
    assert "| not yet | 4 |" in text
    assert "`tiny_sum`: 0 of 32 seeds" in text
    assert not (tmp_path / "lab").exists()


def test_a_file_that_cannot_be_read_keeps_no_other_waiting(catalogue, tmp_path, capsys):
    shutil.copytree(catalogue, tmp_path / "catalogue")
    (tmp_path / "catalogue" / "tiny_sum.py").write_text("import nothing_of_this_name")
    assert campaign["main"](["--hours", "1", *words(tmp_path / "catalogue", tmp_path)]) == 1
    assert "Went wrong: tiny_sum." in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [["--hours", "1", "--only", "tiny_difference"], [], ["--hours", "1", "--page"], ["--page", "--weigh-again"]],
)
def test_words_that_say_nothing_or_contradict_each_other_are_refused(catalogue, tmp_path, wrong):
    with pytest.raises(SystemExit):
        campaign["main"]([*wrong, *words(catalogue, tmp_path)])


def test_what_asks_a_claim_and_decides_it_is_listed(catalogue):
    claims = asked_by(read_old_claims(catalogue / "old_claims.toml").claims)
    assert claims == {"tiny_sum": {"#1", "even", "large_by_themselves"}}


def test_a_command_is_ended_before_the_campaign_ends(tmp_path, monkeypatch):
    """An interrupt that reaches the campaign alone is handed on."""
    ready = tmp_path / "ready"
    deaf = "import pathlib, signal; signal.signal(signal.SIGINT, signal.SIG_IGN);"
    deaf += f"pathlib.Path({str(ready)!r}).touch(); signal.pause()"
    monkeypatch.setattr(compute, "_PATIENCE_SECONDS", 0.2)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background processes ignore it

    def interrupt():
        while not ready.exists():
            threading.Event().wait(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        compute.waited([sys.executable, "-c", deaf], SimpleNamespace(path=tmp_path))
    thread.join()
    signal.signal(signal.SIGINT, before)
