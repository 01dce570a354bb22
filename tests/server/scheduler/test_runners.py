"""How a reply tells of a runner."""

import pytest

from axiom.server.scheduler.programs import ours
from axiom.server.scheduler.runners import app_version, signed_files
from axiom.store.experiments.runner_offers import OfferedRunner, RunnerFile

MAIN = RunnerFile(name="axiom_runner_1.pyz", open_name="", md5="0" * 32, size=1_000, signature="abc\n.\n", is_main=True)
TRUST = RunnerFile(
    name="axiom_trust_1.json", open_name="trust.json", md5="1" * 32, size=20, signature="def\n.\n", is_main=False
)
RUNTIME = RunnerFile(
    name="axiom_runtime_1.zip", open_name="", md5="2" * 32, size=9_000, signature="ghi\n.\n", is_main=False
)
RUNNER = OfferedRunner(
    platform="x86_64-pc-linux-gnu", version=104, files=(MAIN, RUNTIME, TRUST), plan_classes=("", "nv")
)


@pytest.mark.parametrize(("gpu", "name"), [("", ""), ("NVIDIA", "nv")])
def test_a_task_names_the_plan_class_of_its_runner(gpu, name):
    assert app_version(RUNNER, flops=1.0, gpu=gpu).plan_class == ours(RUNNER, gpu).plan_class == name


def test_a_runner_is_described_with_its_files():
    main, runtime, trust = signed_files([RUNNER], "http://lab.example/download/")
    assert (main.urls, main.executable, main.bytes) == (
        ("http://lab.example/download/axiom_runner_1.pyz",),
        True,
        1_000,
    )
    assert (trust.executable, trust.md5, trust.signature) == (False, "1" * 32, "def\n.\n")
    assert (runtime.executable, runtime.bytes) == (False, 9_000)
    assert RUNNER.size == 10_020


def test_a_file_that_two_runners_share_is_told_of_once():
    other = OfferedRunner(platform=RUNNER.platform, version=105, files=(TRUST,), plan_classes=("nv",))
    assert [each.name for each in signed_files([RUNNER, other], "/")] == [MAIN.name, RUNTIME.name, TRUST.name]


@pytest.mark.parametrize(("gpu", "cores", "gpus"), [("", 1.0, 0.0), ("NVIDIA", 0.5, 1.0)])
def test_an_app_version_says_what_it_takes(gpu, cores, gpus):
    version = app_version(RUNNER, flops=2e9, gpu=gpu)
    assert (version.cores, version.coprocessor, version.coprocessors) == (cores, gpu, gpus)
    assert (version.platform, version.version, version.flops) == ("x86_64-pc-linux-gnu", 104, 2e9)
    program, runtime, trust = version.files
    assert (runtime.main_program, runtime.copy, runtime.open_name) == (False, False, "")
    assert (program.main_program, program.copy, program.open_name) == (True, False, "")
    assert (trust.main_program, trust.copy, trust.open_name) == (False, True, "trust.json")
