"""A laboratory that answers clients' contacts."""

import pytest
from front_office import Office
from scheduler_calls import Client, Exchange
from tiny_experiment import prepare_text, tiny_source

from axiom.signed.keys import make_secrets


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
    return exchange.join("Ann")


@pytest.fixture
def attic(ann):
    """The client of Ann's computer, attached and not heard of yet."""
    return Client(ann.key)


@pytest.fixture(scope="session")
def prepared_for_gpus(tmp_path_factory):
    """The tiny experiment by another name, which computes on GPUs alone."""
    text = tiny_source(name="tiny_gpu").replace("memory_mb=100)", "memory_mb=100, gpu=True, gpu_memory_mb=7_000)")
    return prepare_text("tiny_gpu", text, tmp_path_factory.mktemp("gpu"))


@pytest.fixture
def office(small_lab):
    """Where accounts are opened and asked for."""
    made = Office(small_lab)
    yield made
    made.close()
