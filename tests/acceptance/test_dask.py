"""A pilot on each worker of a real Dask cluster, and what it ended with comes back."""

import threading

import pytest
from distributed import LocalCluster
from pilot_cluster import PilotCluster
from processes import ran
from running_lab import AXIOM, typed

from axiom.engines.dask import run_pilots_on_dask


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A laboratory that computes nothing itself."""
    with PilotCluster.serving(tmp_path_factory.mktemp("lab")) as made:
        yield made


def words(lab, **changes) -> list[str]:
    options = {
        "server": lab.address,
        "lab": lab.lab,
        "key-file": lab.key_file,
        "scratch": lab.data.with_name("scratch"),
    }
    return [str(word) for name, value in (options | changes).items() for word in (f"--{name}", value)]


def test_every_worker_gets_a_pilot_and_who_may_not_compute_is_said(lab, tmp_path):
    lab.order(6)
    wrong = tmp_path / "wrong.key"
    wrong.write_text("axiom_cluster_" + "a" * 43)
    wrong.chmod(0o600)
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        command = [str(AXIOM), "work", "--engine", "dask", "--scheduler", cluster.scheduler_address]
        done, refused = (ran([*command, *words(lab, **keys)]) for keys in ({}, {"key-file": wrong}))
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("ended with 0: No work is left") == 2
    assert refused.returncode == 4, refused.stderr
    lab.demand_done(6)


def test_once_the_time_is_over_no_pilot_is_started_and_none_is_waited_for():
    with LocalCluster(
        n_workers=1, processes=False, protocol="tcp", host="127.0.0.1", dashboard_address=None
    ) as cluster:
        ended = run_pilots_on_dask(
            cluster.scheduler_address, [], cores=None, seconds=0.0, stop=threading.Event(), remark=lambda _text: None
        )
    assert ended == (0, "No pilot was started.")


def test_words_that_are_off_start_nothing(lab):
    for off, needed in (
        (["--engine", "dask"], "--server"),
        (["--engine", "dask", *words(lab)], "--scheduler"),
        (["--engine", "dask", "--scheduler", "nowhere", *words(lab)], "nowhere"),
        (["--engine", "dask", "--scheduler", "mail://node:1", *words(lab)], "mail://node:1"),
    ):
        done = typed("work", *off)
        assert done.returncode == 2, done.stderr
        assert needed in done.stderr, done.stderr
