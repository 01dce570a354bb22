"""Computes every experiment of the catalogue over several seeds, and draws each into docs/gallery/experiments.

Each is computed as a person would do it, by `axiom experiment run NAME --replicates N`, in a laboratory of its own that
is removed afterwards. What a page says of an experiment comes from what that laboratory stored. `--kept` computes
nothing: it draws what a laboratory has stored already, as that of `scripts/campaign reproduce` has.

    scripts/campaign experiments benford_law
    scripts/campaign experiments --kept build/reckoning
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from axiom import shipped
from axiom.cli.experiment.manifests import manifest_of
from axiom.domain.estimands import Center, Kind
from axiom.laboratory.figures.redraw_figures import experiment_sweep
from axiom.signed.manifests import Manifest, stored_manifest
from axiom.store.engine.database import connect_reader
from axiom.store.engine.folder import Folder
from axiom.store.experiments import experiments
from axiom_weigh.figures.drawing import svg_of
from axiom_weigh.figures.palette import make_standalone_svg
from axiom_weigh.statistics.estimand_arithmetic import compute_estimand

ROOT = Path(__file__).resolve().parents[2]
GALLERY = ROOT / "docs" / "gallery" / "experiments"
CATALOGUE = shipped.catalogue_folder()
FEWEST = 8  # replicates that a picture shows
INFRASTRUCTURE = {"test_deploy"}  # asks no question
AXIOM = Path(sys.executable).with_name("axiom")


def main() -> int:
    """0 when every experiment was computed and drawn."""
    names = [path.stem for path in sorted(CATALOGUE.glob("[a-z]*.py")) if path.stem not in INFRASTRUCTURE]
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", help="some of them; else all")
    parser.add_argument("--replicates", type=int, default=FEWEST, help="to compute of each")
    parser.add_argument("--kept", type=Path, help="draw what this laboratory has, and compute nothing")
    wanted = parser.parse_args()
    if unknown := set(wanted.names) - set(names):
        parser.error(f"no experiment of the catalogue is named {', '.join(sorted(unknown))}")
    GALLERY.mkdir(parents=True, exist_ok=True)
    failed = []
    for name in wanted.names or names:
        try:
            text = drawn(name, Folder(path=wanted.kept.resolve())) if wanted.kept else computed(name, wanted.replicates)
        except (subprocess.CalledProcessError, RuntimeError) as fault:
            failed.append(name)
            print(f"{name}: {fault}", flush=True)
            continue
        (GALLERY / f"{name}.md").write_text(text, encoding="utf-8")
    (GALLERY / "README.md").write_text(index(names), encoding="utf-8")
    print(f"{len(failed)} of {len(wanted.names or names)} experiments failed")
    return int(bool(failed))


def computed(name: str, replicates: int) -> str:
    """Compute an experiment, draw it, and say what came out, as Markdown."""
    with tempfile.TemporaryDirectory(prefix="axiom-experiments-") as place:
        folder = Folder(path=Path(place) / "lab")
        command = [str(AXIOM), "experiment", "run", name, "--replicates", str(replicates), "--quiet"]
        subprocess.run([*command, "--data", str(folder.path)], check=True, stdout=subprocess.DEVNULL, cwd=place)
        return drawn(name, folder)


def drawn(name: str, folder: Folder) -> str:
    """Draw an experiment from what a laboratory has stored, and say what came out, as Markdown."""
    reader = connect_reader(folder.database)
    try:
        stored = experiments.find_experiment_by_name(reader, name)
        if stored is None:
            raise RuntimeError("the laboratory does not know it")
        manifest = stored_manifest(stored.manifest)
        here = manifest_of(CATALOGUE / f"{name}.py").version
        if stored.version != here:
            raise RuntimeError(f"the laboratory has version {stored.version}, and the catalogue {here}")
        sweep = experiment_sweep(reader, stored, manifest)
    finally:
        reader.close()
    if sweep is None:
        raise RuntimeError("there is nothing to draw: no figure is declared, or none of its cells has a number")
    rows = cells(folder.database, stored.id)
    counts = Counter(row["replicate"] for row in rows)
    replicates = sorted(number for number, amount in counts.items() if amount == len(manifest.configs))
    if len(replicates) < FEWEST:
        raise RuntimeError(f"it has {len(replicates)} whole replicates, and {FEWEST} are drawn at least")
    rows = [row for row in rows if row["replicate"] in replicates]
    (GALLERY / f"{name}.svg").write_text(make_standalone_svg(svg_of(sweep)) + "\n", encoding="utf-8")
    seconds = sum(row["cpu"] for row in rows) / len(replicates)
    print(f"{name:<34}{len(replicates)} seeds, {seconds:8.2f} s of a processor each", flush=True)
    return page(manifest, rows, replicates, seconds)


def cells(database: Path, experiment_id: int) -> list[dict[str, Any]]:
    """Every result of an experiment, and what its task cost, shared out over the cells of the task."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as reader:
        reader.row_factory = sqlite3.Row
        rows = reader.execute(
            "SELECT r.replicate, r.config, r.outcome, r.measures, t.id AS task, t.cpu_seconds FROM result r "
            "JOIN task t ON t.id = r.task_id WHERE r.experiment_id = ? ORDER BY r.replicate, r.config",
            (experiment_id,),
        ).fetchall()
    shares: dict[int, int] = {}
    for row in rows:
        shares[row["task"]] = shares.get(row["task"], 0) + 1
    return [
        {
            "replicate": row["replicate"],
            "config": row["config"],
            "outcome": row["outcome"],
            "measures": json.loads(row["measures"]) if row["measures"] and row["outcome"] == "ok" else None,
            "cpu": (row["cpu_seconds"] or 0.0) / shares[row["task"]],
        }
        for row in rows
    ]


def page(manifest: Manifest, rows: Sequence[Mapping[str, Any]], replicates: Sequence[int], seconds: float) -> str:
    """What an experiment's page says."""
    lines = [
        f"# {manifest.name}",
        "",
        f"{manifest.question} ({manifest.reference})",
        "",
        f"![{manifest.figure.title if manifest.figure else manifest.name}]({manifest.name}.svg)",
        "",
        f"Version {manifest.version}, {len(manifest.configs)} configs, {len(replicates)} seeds, {seconds:.1f} s of a "
        f"processor for a replicate. Made by `scripts/campaign experiments {manifest.name}`.",
        "",
        "| estimand | claim | over seeds | range over seeds | null | as claimed |",
        "|---|---|---|---|---|---|",
        *(summary(estimand, manifest, rows, replicates) for estimand in manifest.estimands),
    ]
    return "\n".join(lines) + "\n"


def summary(
    estimand: Mapping[str, Any], manifest: Manifest, rows: Sequence[Mapping[str, Any]], replicates: Sequence[int]
) -> str:
    """One estimand over all seeds, as a row of a table."""
    values = []
    for replicate in replicates:
        measured = {row["config"]: row["measures"] for row in rows if row["replicate"] == replicate}
        number, _ = compute_estimand(
            estimand, [(config, measured.get(at)) for at, config in enumerate(manifest.configs)]
        )
        values.append(number)
    numbers = [number for number in values if number is not None]
    if not numbers:
        return f"| {estimand['name']} | {estimand['claim']} | – | no seed has a number | {estimand['null']:g} | – |"
    side = 1.0 if estimand["expects"] == "+" else -1.0
    kept = sum(side * (number - estimand["null"]) > 0 for number in numbers)
    return (
        f"| {estimand['name']} | {estimand['claim']} | {_center(estimand, numbers)} | "
        f"{min(numbers):.4g} to {max(numbers):.4g} | {estimand['null']:g} | {kept} of {len(replicates)} seeds |"
    )


def _center(estimand: Mapping[str, Any], numbers: Sequence[float]) -> str:
    """By what a finding about it is told."""
    if estimand["kind"] == Kind.PROPORTION:
        return f"share {statistics.fmean(numbers):.4g}"
    if estimand.get("about") == Center.MEAN:
        return f"mean {statistics.fmean(numbers):.4g}"
    return f"median {statistics.median(numbers):.4g}"


def index(names: Sequence[str]) -> str:
    """The page that shows all that were drawn, and names the others."""
    pictures = {path.stem: path.name for path in GALLERY.iterdir() if path.suffix in {".svg", ".png"}}
    lines = [
        "# Experiments",
        "",
        f"{len(pictures.keys() & set(names))} of the {len(names)} experiments of the catalogue that ask a question, "
        "each over several seeds, as the laboratory draws it. Made by `scripts/campaign experiments`; figures and "
        "numbers are CC BY 4.0.",
        "",
    ]
    if others := [name for name in names if name not in pictures]:
        lines += [f"Not drawn here yet: {', '.join(others)}.", ""]
    for name in names:
        if name in pictures:
            lines += [f"## [{name}]({name}.md)", "", f"![{name}]({pictures[name]})", ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
