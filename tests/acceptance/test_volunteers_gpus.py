"""Tasks for GPUs with the stock client, whose GPUs are simulated: everything but the computation on them is real."""

from collections.abc import Iterator

import pytest
from boinc_client import Client, client, register
from volunteer_lab import Project, project

_CARDS = '''"""{name}: which GPU does a task see?"""

import os
import time
from dataclasses import dataclass
{imports}
from axiom.domain.experiments import Experiment, Needs, grid
from axiom.kit import pace


@dataclass(frozen=True, kw_only=True)
class Config:
    place: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    device: int
    is_told: bool


def run(config: Config, seed: int) -> Measures:
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")  # nothing on the laboratory's own computer, which tries it first
    for done in range(80 if seen else 1):
        time.sleep(0.1)
        pace.block(done / 80)
    return Measures(device=int(seen or 99), is_told=os.environ["JAX_PLATFORMS"] == "cuda,cpu")


experiment = Experiment(
    name="{name}",
    version=1,
    question="Which GPU does a task see?",
    run=run,
    measures=Measures,
    sweep=grid(Config, place=[0]),
    ranges={{"place": (0, 9)}},
    estimands=(),
    needs=Needs(seconds=lambda config: 8.0, memory_mb=500, gpu=True, gpu_memory_mb=2_000),
)
'''


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Project]:
    """A laboratory with an experiment that looks around on a GPU, and with one that computes there with JAX."""
    place = tmp_path_factory.mktemp("gpus")
    with project(place / "lab") as made:
        for name, imports in (("two_cards", ""), ("jax_cards", "\nimport jax\n")):
            file = place / f"{name}.py"
            file.write_text(_CARDS.format(name=name, imports=imports))
            made.offer(file, name)
        yield made


@pytest.fixture(scope="module")
def computer(lab, tmp_path_factory) -> Iterator[Client]:
    """A computer with two GPUs."""
    me = register(lab.address)
    with client(tmp_path_factory.mktemp("computer") / "one", lab.address, me.key, cores=2, gpus=True) as made:
        made.wait(Client.host, nudge=8)
        yield made


def test_two_tasks_compute_at_once_each_on_its_own_gpu(lab, computer):
    numbers = [lab.order("two_cards") for _ in range(2)]
    computer.update()
    computer.wait(lambda one: all(one.is_computing(number) for number in numbers), nudge=8)
    found = [lab.wait_for(number, "valid", computer) for number in numbers]
    measured = [result["measures"] for task in found for result in task["results"]]
    assert sorted(each["device"] for each in measured) == [0, 1]
    assert all(each["is_told"] for each in measured)
    assert "<plan_class>nv</plan_class>" in (computer.folder / "client_state.xml").read_text()
    lab.promises()


def test_a_gpu_that_jax_cannot_use_is_named_and_nothing_is_computed_on_the_processor_instead(lab, computer):
    number = lab.order("jax_cards")
    computer.update()
    found = lab.wait_for(number, "failed", computer)
    assert (found["cause"], found["exit_status"], found["blame"]) == ("gpu-unusable", 16, "unclear")
    assert found["results"] == []
    lab.promises()
