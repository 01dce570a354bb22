"""What is offered to which platform, and how a reply tells of it."""

import json

import pytest

from axiom.domain.fleet import Platform
from axiom.errors import CannotStart
from axiom.lab.offer import offer_here
from axiom.server.programs import ours
from axiom.server.runners import Runner, RunnerFile, app_version, plan_class, read_offer, signed_files

MAIN = RunnerFile(name="axiom_runner_1.pyz", open_name="", md5="0" * 32, size=1_000, signature="abc\n.\n", is_main=True)
TRUST = RunnerFile(
    name="axiom_trust_1.json", open_name="trust.json", md5="1" * 32, size=20, signature="def\n.\n", is_main=False
)
RUNNER = Runner(platform="x86_64-pc-linux-gnu", version=104, files=(MAIN, TRUST))


def test_where_nothing_was_built_nothing_is_offered(small_lab):
    assert read_offer(small_lab.folder) == {}


def test_what_was_written_is_read(small_lab, secrets):
    (small_lab.folder.keys / "trust.json").parent.mkdir(exist_ok=True)
    (small_lab.folder.keys / "trust.json").write_bytes(b"{}")
    here = Platform(system="linux", processor="arm64", instructions="neon")
    offered = offer_here(small_lab.folder, secrets.code, here, small_lab.now)
    assert read_offer(small_lab.folder) == offered
    assert [(name, runner.version) for name, runner in offered.items()] == [("aarch64-unknown-linux-gnu", 3_243_725)]


FILE = {"name": "a", "open_name": "", "md5": "0" * 32, "size": 1, "signature": "s", "is_main": True}
DAMAGED = [
    "",
    "{",
    "[]",
    "{}",
    '{"runners": []}',
    '{"runners": {"x": 5}}',
    '{"runners": {"x": {"files": []}}}',
    '{"runners": {"x": {"version": "new", "files": []}}}',
    json.dumps({"runners": {"x": {"version": 1, "files": [{**FILE, "size": None}]}}}),
    json.dumps({"runners": {"x": {"version": 1, "files": [{"name": "a"}]}}}),
    "\udcff",
]


@pytest.mark.parametrize("text", DAMAGED, ids=range(len(DAMAGED)))
def test_a_damaged_offer_says_what_to_do(small_lab, text):
    small_lab.folder.runners.mkdir(exist_ok=True)
    (small_lab.folder.runners / "offer.json").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(CannotStart, match=r"offer\.json cannot be read .* Delete the folder `runners`"):
        read_offer(small_lab.folder)


def test_an_offer_that_is_a_folder_says_what_to_do(small_lab):
    (small_lab.folder.runners / "offer.json").mkdir(parents=True)
    with pytest.raises(CannotStart, match="cannot be read"):
        read_offer(small_lab.folder)


CLASSES = [("", ""), ("NVIDIA", "nv"), ("ATI", "amd"), ("intel_gpu", "intel"), ("apple_gpu", "apple"), ("odd", "gpu")]


@pytest.mark.parametrize(("gpu", "name"), CLASSES)
def test_a_plan_class_says_nothing_that_a_client_takes_for_a_demand(gpu, name):
    assert plan_class(gpu) == ours(RUNNER, gpu).plan_class == name
    assert not any(word in name for word in ("ati", "cuda", "opencl"))


def test_a_runner_is_described_with_its_files():
    main, trust = signed_files(RUNNER, "http://lab.example/download/")
    assert (main.urls, main.executable, main.bytes) == (
        ("http://lab.example/download/axiom_runner_1.pyz",),
        True,
        1_000,
    )
    assert (trust.executable, trust.md5, trust.signature) == (False, "1" * 32, "def\n.\n")
    assert RUNNER.size == 1_020


@pytest.mark.parametrize(("gpu", "cores", "gpus"), [("", 1.0, 0.0), ("NVIDIA", 0.5, 1.0)])
def test_an_app_version_says_what_it_takes(gpu, cores, gpus):
    version = app_version(RUNNER, flops=2e9, gpu=gpu)
    assert (version.cores, version.coprocessor, version.coprocessors) == (cores, gpu, gpus)
    assert (version.platform, version.version, version.flops) == ("x86_64-pc-linux-gnu", 104, 2e9)
    program, trust = version.files
    assert (program.main_program, program.copy, program.open_name) == (True, False, "")
    assert (trust.main_program, trust.copy, trust.open_name) == (False, True, "trust.json")
