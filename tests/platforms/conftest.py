"""One small laboratory per story, and a computer of another platform that computes for it."""

import pytest
from emulated_host import ARM, WINDOWS, EmulatedHost
from runner_lab import archive as archive
from runner_lab import archive_with_jax as archive_with_jax
from runner_lab import ending as ending
from runner_lab import files as files
from runner_lab import keys as keys
from runner_lab import lab as lab
from runner_lab import lab_with_jax as lab_with_jax
from runner_lab import strangers as strangers


@pytest.fixture
def host_in(lab, ending):
    """Makes a computer of a platform whose client keeps its files in this folder."""
    hosts = []

    def made(platform, folder, lab=lab):
        hosts.append(EmulatedHost(platform, lab, folder, ending))
        return hosts[-1]

    yield made
    for host in hosts:
        host.end_all()


@pytest.fixture
def windows(host_in, tmp_path):
    return host_in(WINDOWS, tmp_path / "data")


@pytest.fixture
def arm(host_in, tmp_path):
    return host_in(ARM, tmp_path / "data")
