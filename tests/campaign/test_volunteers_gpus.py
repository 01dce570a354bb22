"""Tasks for GPUs with the stock client, whose GPUs are simulated: everything but the computation on them is real."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import small_map
from boinc_client import Client, Person, register
from experiment_text import experiment_text
from real_parts import need
from volunteer_lab import Project, attached, project

from axiom.store.engine.folder import Folder

pytestmark = need("boinc")
_IMPORTS = {"two_cards": "", "jax_cards": "import jax\n"}
_NEEDS = "seconds=lambda config: 8.0, memory_mb=500, gpu=True, gpu_memory_mb=2_000"
_CARDS = """
import os
import time

from axiom.kit import progress


def run(config, seed):
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")  # nothing on the laboratory's own computer, which tries it first
    for done in range(80 if seen else 1):
        time.sleep(0.1)
        progress.block(done / 80)
    return Measures(device=int(seen or 99), is_told=os.environ["JAX_PLATFORMS"] == "cuda,cpu")
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    """A laboratory with work for GPUs alone, with and without JAX, and with maps that cores may draw as well."""
    place = tmp_path_factory.mktemp("gpus")
    small = Path(small_map.__file__).read_text(encoding="utf-8")
    files = {
        name: experiment_text(name, imports + _CARDS, measures="device: int; is_told: bool", needs=_NEEDS)
        for name, imports in _IMPORTS.items()
    } | {"small_map": small.replace("memory_mb=100)", "memory_mb=100, may_use_gpu=True)")}
    with project(place / "lab", before=_try_twice) as made:
        for name, text in files.items():
            file = place / f"{name}.py"
            file.write_text(text)
            made.offer(file, name)
        yield made


def _try_twice(folder: Folder) -> None:
    settings = folder.path / "axiom.toml"
    settings.write_text(settings.read_text().replace("max_failures = 1", "max_failures = 2"))


@pytest.fixture(scope="module")
def ann(lab) -> Person:
    """The only volunteer: somebody alone may try again what failed on her own computer."""
    return register(lab.address)


@pytest.fixture
def computer(lab, ann, tmp_path) -> Iterator[Client]:
    """A computer with two GPUs. Each test has its own: on one that JAX cannot use, a GPU gets nothing for a day."""
    with attached(lab, tmp_path / "one", ann.key, cores=2, gpus=True) as computer:
        yield computer


def test_two_tasks_compute_at_once_each_on_its_own_gpu(lab, computer):
    numbers = [lab.order("two_cards") for _ in range(2)]
    computer.update()
    computer.wait(lambda seen: all(seen.is_computing(number) for number in numbers), nudge=8)
    tasks = [lab.wait_for(number, "valid", computer) for number in numbers]
    measures = [result["measures"] for task in tasks for result in task["results"]]
    assert sorted((values["device"], values["is_told"]) for values in measures) == [(0, True), (1, True)]
    assert "<plan_class>nv</plan_class>" in (computer.folder / "client_state.xml").read_text()
    lab.promises()


def test_a_gpu_that_jax_cannot_use_is_named_and_the_processor_does_not_step_in(lab, computer):
    number = lab.order("jax_cards")
    computer.update()
    task = lab.wait_for(number, "failed", computer)
    assert (task["cause"], task["exit_status"], task["blame"]) == ("gpu-unusable", 16, "unclear")
    assert task["results"] == []
    lab.promises()


def test_tiles_that_a_core_may_draw_as_well_are_drawn_by_gpus_and_cores_at_once(lab, computer):
    numbers = [lab.order("small_map", computer.host()) for _ in range(4)]
    computer.update()
    assert {lab.wait_for(number, "valid", computer)["gpu"] for number in numbers} == {"NVIDIA", None}
    lab.promises()
