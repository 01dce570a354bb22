"""A runner that is started before its engine: it describes for whoever prepares the order, and then computes it."""

import pytest

from axiom.engines.runners import describe, runner_ahead
from axiom.runner.here import describe_here, describe_tree
from axiom.runner.home import write_tree
from axiom.signed import bundles


@pytest.fixture(scope="module")
def files(prepared):
    found = bundles.contents(prepared().archive)
    return {name: body for name, body in found.items() if name != bundles.MANIFEST}


def test_a_bundle_is_described_as_by_a_process_of_its_own(files, prepared):
    with runner_ahead() as runner:
        described = describe_here(files, lambda tree, modules: describe(runner, tree, modules))
        assert described == describe_here(files) == prepared().declaration.encode()
        assert runner.poll() is None
    assert runner.returncode == 0


def test_a_runner_that_is_gone_is_replaced_by_such_a_process(files, tmp_path):
    write_tree(tmp_path, files)
    modules = ["axiom.catalogue.tiny_sum"]
    with runner_ahead() as runner:
        runner.kill()
        runner.wait()
        assert describe(runner, tmp_path, modules) == describe_tree(tmp_path, modules)
