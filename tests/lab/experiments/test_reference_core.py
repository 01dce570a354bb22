"""A slow or a busy computer is no fault of a file: what cells cost is counted in seconds of a reference core."""

from axiom.lab.experiments import reference_core
from axiom.lab.experiments.preflight import demands_of
from axiom.lab.experiments.preflight_run import PreflightRun
from axiom.signed import bundles
from axiom.signed.manifests import read_manifest


def run_at(slowness: float, prepared) -> PreflightRun:
    files = bundles.contents(prepared.archive)
    manifest = read_manifest(files[bundles.MANIFEST])
    run = PreflightRun(files, manifest, demands_of(manifest), lambda number: 7 + number, slowness=lambda: slowness)
    run.run()
    return run


def test_a_cell_counts_by_the_speed_of_the_computer(sound):
    by_speed = {slowness: run_at(slowness, sound).tried("others") for slowness in (1.0, 1e6)}
    assert all(0 < cell.cpu_seconds < 1e-4 for cell in by_speed[1e6])
    assert sum(cell.cpu_seconds for cell in by_speed[1.0]) > 100 * sum(cell.cpu_seconds for cell in by_speed[1e6])


def test_the_same_work_takes_some_time():
    assert 0 < reference_core.slowness() < 1_000
