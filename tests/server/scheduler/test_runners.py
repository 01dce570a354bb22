"""How a reply tells of a runner."""

import pytest

from axiom.server.scheduler.programs import ours
from axiom.server.scheduler.runners import app_version, signed_files
from axiom.store.experiments.runner_offers import OfferedRunner, RunnerFile

MAIN, TRUST, RUNTIME = (
    RunnerFile(name=name, open_name=open_name, md5="0" * 32, size=size, signature="abc\n.\n", is_main=size == 1_000)
    for name, open_name, size in (
        ("axiom_runner_1.pyz", "", 1_000),
        ("axiom_trust_1.json", "trust.json", 20),
        ("axiom_runtime_1.zip", "", 9_000),
    )
)
LINUX = "x86_64-pc-linux-gnu"
RUNNER = OfferedRunner(platform=LINUX, version=104, files=(MAIN, RUNTIME, TRUST), plan_classes=("", "nv"))


def test_a_runner_is_described_with_its_files_each_once():
    other = OfferedRunner(platform=LINUX, version=105, files=(TRUST,), plan_classes=("nv",))
    main, runtime, trust = signed_files([RUNNER, other], "http://lab.example/download/")
    assert main.urls == ("http://lab.example/download/axiom_runner_1.pyz",)
    assert (main.executable, main.bytes, runtime.executable, runtime.bytes) == (True, 1_000, False, 9_000)
    assert (trust.executable, trust.md5, trust.signature) == (False, "0" * 32, "abc\n.\n")
    assert RUNNER.size == 10_020


@pytest.mark.parametrize(("gpu", "plan_class", "cores", "gpus"), [("", "", 1.0, 0.0), ("NVIDIA", "nv", 0.5, 1.0)])
def test_an_app_version_says_what_it_takes(gpu, plan_class, cores, gpus):
    version = app_version(RUNNER, flops=2e9, gpu=gpu)
    assert version.plan_class == ours(RUNNER, gpu).plan_class == plan_class
    assert (version.cores, version.coprocessor, version.coprocessors) == (cores, gpu, gpus)
    assert (version.platform, version.version, version.flops) == (LINUX, 104, 2e9)
    assert [(file.main_program, file.copy, file.open_name) for file in version.files] == [
        (True, False, ""),
        (False, False, ""),
        (False, True, "trust.json"),
    ]
