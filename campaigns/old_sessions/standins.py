"""Experiments of the old names: they declare what experiments declare, and nobody computes them.

Those of which something is concluded claim that more is larger; of the others nothing is concluded.
"""

import functools
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import simulation
from simulation.dice import Dice

import axiom
from axiom.domain.fleet import Platform
from axiom.domain.work import Outcome
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment
from axiom.signed import bundles, canonical_json
from axiom.signed.manifests import read_manifest
from axiom.signed.outputs import CellError, CellOutput, Header, cell_line, footer_line, header_line
from axiom.signed.tickets import OrderedCell, Ticket, parse_own_ticket

PACKAGE = Path(axiom.__file__).parent
FORGOTTEN_SEED = 42  # what the old scripts computed with, whatever they were told
_KEY_ERROR = CellError(kind="KeyError", where="axiom/catalogue/spectral_dynamics.py:38")
_ASK, _ONLY_COMPUTE = "question", "fleet_drill"  # files of the simulation, after which all are made
_PLATFORM = Platform(system="linux", processor="x86_64", instructions="avx2")


def version_of(experiment: str) -> tuple[str, int]:
    """The name and the version."""
    name, _, version = experiment.partition("@")
    return name, int(version or 1)


def standin(experiment: str, *, concludes: bool, is_mended: bool = False) -> PackedBundle:
    """A bundle under this name. A mended one means the same and has other bytes."""
    (name, version), pattern = version_of(experiment), _ASK if concludes else _ONLY_COMPUTE
    files, declared = _pattern(pattern)
    text = files[bundles.experiment_path(pattern)].decode().replace(f'"{pattern}"', f'"{name}"')
    text = text.replace("version=1", f"version={version}") + (
        "\n# The summary reads the key that is there.\n" * is_mended
    )
    declaration = canonical_json.canonical_bytes(
        {**declared, "name": name, "version": version, "gpu": name.endswith("_gpu")}
    )
    shared = {path: body for path, body in files.items() if path != bundles.experiment_path(pattern)}
    archive = bundles.pack_files(
        {**shared, bundles.experiment_path(name): text.encode(), bundles.MANIFEST: declaration}
    )
    return PackedBundle(
        manifest=read_manifest(declaration), declaration=declaration.decode(), archive=archive, refusals=()
    )


def output(ticket_text: str, *, forgets_seed: bool = False, raises: bool = False) -> bytes:
    """What a host returns that computed a stand-in, or whose summary raised after all was computed."""
    ticket = parse_own_ticket(ticket_text)
    header = Header(
        task=ticket.task,
        host=ticket.host,
        experiment=ticket.experiment,
        version=ticket.version,
        bundle=ticket.bundle,
        ticket_text=ticket_text,
        runner=axiom.__version__,
        platform=_PLATFORM,
    )
    cells = [cell_line(_answer(ticket, cell, forgets_seed=forgets_seed, raises=raises)) for cell in ticket.cells]
    return b"".join((header_line(header), *cells, footer_line(len(cells))))


def _answer(ticket: Ticket, cell: OrderedCell, *, forgets_seed: bool, raises: bool) -> CellOutput:
    seed = FORGOTTEN_SEED if forgets_seed else cell.seed
    dice = Dice(seed, f"{ticket.experiment} {cell.config}")
    first, size = dice.between(0.0, 0.2), float(str(cell.values["size"]))
    return CellOutput(
        replicate=cell.replicate,
        config=cell.config,
        seed=cell.seed,
        outcome=Outcome.FAILED if raises else Outcome.OK,
        measures=None if raises else {"value": size + dice.between(-0.4, 0.4)},
        early=() if raises else (first, first / 2),
        cpu_seconds=1.0,
        error=_KEY_ERROR if raises else None,
    )


@functools.cache
def _pattern(name: str) -> tuple[Mapping[str, bytes], Mapping[str, Any]]:
    """The files of a pattern's bundle and what it declares; asked once."""
    with tempfile.TemporaryDirectory(prefix="axiom-") as folder:
        file = Path(folder) / f"{name}.py"
        text = Path(simulation.__file__).with_name(f"{name}.py").read_text()
        # A contrast is its first arm less its second.
        file.write_text(text.replace('({"size": 1}, {"size": 2})', '({"size": 2}, {"size": 1})'))
        made = pack_experiment(PACKAGE, file)
    return bundles.read_bundle_files(made.archive), json.loads(made.declaration)
