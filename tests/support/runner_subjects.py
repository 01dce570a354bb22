"""Experiments whose cells do to a runner what it must bear: they reach out, take memory, or train for long."""

from pathlib import Path
from typing import Any

from experiment_text import experiment_text

import axiom
from axiom.laboratory.experiments.publish import pack_experiment
from axiom.runner.direct import compute_here
from axiom.signed.bundles import read_bundle_files

_DEEDS = '''
import os
import socket
import subprocess
import time
from pathlib import Path


def take_memory() -> int:
    held = []
    while True:
        held.append(bytearray(os.urandom(4096) * 2_500))
        time.sleep(0.01)


def project() -> Path:
    """Where the client keeps the laboratory's files."""
    return next(path.parent for path in Path(os.environ["HOME"]).parents if path.name == "axiom")


DEEDS = {{
    0: lambda: len((project().parents[1] / "account_127.0.0.1_{port}.xml").read_text()),
    1: lambda: len((project().parents[1] / "client_state.xml").read_text()),
    2: lambda: len((project().parents[1] / "slots/0/init_data.xml").read_text()),
    3: lambda: socket.create_connection(("127.0.0.1", {port}), timeout=5).fileno(),
    4: lambda: (project() / "mark").write_text("here"),
    5: lambda: subprocess.run(["/bin/true"]).returncode,
    6: take_memory,
}}


def run(config, seed):
    return Measures(size=DEEDS[config.deed]())
'''
# Training whose end does not depend on who interrupts it.
_TRAINING = """
import os
import time

from axiom.kit import chance, data, losses, models, optimizers, training


def run(config, seed):
    task = data.teacher(chance.stream(seed, "data"), inputs=10, classes=3, train=400, test=50)
    start = models.mlp(chance.stream(seed, "start"), (10, 16, 3))
    orders = chance.orders(seed, items=400, epochs={blocks})

    def watch(net):
        time.sleep(config.pause)
        return float(losses.CROSS_ENTROPY(net, task.x_test, task.y_test)), os.getpid()

    end, seen = training.trained(start, task, orders, rates=optimizers.Rates(lr=0.1), batch=40, watch=watch)
    return Measures(
        losses=tuple(loss for loss, _ in seen),
        weights=tuple(float(each) for each in end[0].weights.ravel()),
        processes=len({{process for _, process in seen}}),
    )
"""
_TRAINED = "losses: tuple[float, ...]; weights: tuple[float, ...]; processes: int"
NOSY_DEEDS = range(6)


def training(folder: Path, name: str, *, blocks: int, pause: float) -> Path:
    """The file of an experiment that trains a network, and rests for so long in each block."""
    file = folder / f"{name}.py"
    code, needs = _TRAINING.format(blocks=blocks), "seconds=lambda config: 120.0, memory_mb=600"
    file.write_text(
        experiment_text(name, code, measures=_TRAINED, needs=needs, factor="pause", kind="float", levels=[pause])
    )
    return file


def computed_here(file: Path, seed: int) -> dict[str, Any]:
    """The measures of such a cell where nobody interrupts it and it never pauses."""
    files = read_bundle_files(pack_experiment(Path(axiom.__file__).parent, file).archive)
    cells = [({"pause": 0.0}, seed)]
    limits: dict[str, Any] = {"cpu_limit": 300.0, "wall_limit": 3_000.0, "memory_mb": 1_000.0}
    (answer,) = compute_here(files, f"axiom.catalogue.{file.stem}", cells, on_progress=lambda *_: None, **limits)
    assert answer.measures is not None, answer
    return dict(answer.measures)


def deeds(folder: Path, name: str, which: list[int], address: str) -> Path:
    """The file of an experiment with these deeds, towards the laboratory at this address."""
    file = folder / f"{name}.py"
    code, needs = (
        _DEEDS.format(port=address.rstrip("/").rpartition(":")[2]),
        "seconds=lambda config: 2.0, memory_mb=200",
    )
    file.write_text(experiment_text(name, code, measures="size: int", needs=needs, factor="deed", levels=which))
    return file
