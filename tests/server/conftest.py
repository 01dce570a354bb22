"""A laboratory that answers clients' contacts."""

from pathlib import Path

import pytest
from scheduler_calls import Client, Exchange

import axiom
from axiom.lab.experiments.publish import prepare
from axiom.signed.keys import make_secrets

FOR_GPUS = '''"""Adds up on a graphics card."""
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.domain.findings import Estimand, Kind, Prediction


@dataclass(frozen=True, kw_only=True)
class Config:
    size: int


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float


def run(config, seed):
    return Measures(total=float(config.size))


experiment = Experiment(
    name="tiny_gpu",
    version=1,
    question="What is the sum?",
    run=run,
    measures=Measures,
    sweep=grid(Config, size=[1, 2]),
    ranges={"size": (1, 9)},
    estimands=(
        Estimand(
            name="grows",
            claim="a larger size has a larger total",
            kind=Kind.CONTRAST,
            measure="total",
            between=({"size": 1}, {"size": 2}),
            smallest=0.1,
            prediction=Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.5, 1.5), because="a test"),
        ),
    ),
    needs=Needs(seconds=lambda config: 1.0, memory_mb=100, gpu=True, gpu_memory_mb=7_000),
)
'''


@pytest.fixture(scope="session")
def secrets(tmp_path_factory):
    """What a laboratory with volunteers needs beside its signing keys."""
    folder = tmp_path_factory.mktemp("secrets")
    folder.chmod(0o700)
    return make_secrets(folder)


@pytest.fixture
def exchange(working_lab, secrets):
    """A laboratory with one workunit ordered, and no volunteer yet."""
    opened = Exchange(working_lab, secrets)
    yield opened
    opened.close()


@pytest.fixture
def ann(exchange):
    """Somebody with an account."""
    return exchange.join("Ann")


@pytest.fixture
def attic(ann):
    """The client of Ann's computer, attached and not heard of yet."""
    return Client(ann.key)


@pytest.fixture(scope="session")
def prepared_for_either(tmp_path_factory):
    """An experiment that a core may compute as well as a GPU."""
    file = tmp_path_factory.mktemp("either") / "tiny_either.py"
    said = FOR_GPUS.replace("tiny_gpu", "tiny_either").replace(" gpu=True, gpu_memory_mb=7_000", " may_use_gpu=True")
    said = said.replace("    total: float\n", "    total: float\n    count: int\n")  # as the tiny experiment measures
    file.write_text(said)
    return prepare(Path(axiom.__file__).parent, file)


@pytest.fixture(scope="session")
def prepared_for_gpus(tmp_path_factory):
    """An experiment that computes on GPUs."""
    file = tmp_path_factory.mktemp("gpu") / "tiny_gpu.py"
    file.write_text(FOR_GPUS)
    return prepare(Path(axiom.__file__).parent, file)
