"""The GPU of a task: read from what boinc-client says, told to the child, and named when it cannot be used."""

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from axiom.domain.work import Exit
from axiom.runner.boinc.protocol import read_given
from axiom.runner.child import child
from axiom.runner.child.environment import environment
from axiom.runner.direct import describe_here
from axiom.runner.platform.device import Device, read_device, surroundings
from axiom.runner.tasks import Runner
from axiom.signed import bundles
from axiom.signed.bundles import write_seal

INIT = """<app_init_data>
<hostid>4</hostid>
<project_preferences><gpu_device_num>7</gpu_device_num></project_preferences>
<project_dir>/var/lib/boinc/projects/lab</project_dir>
<gpu_type>{kind}</gpu_type>
<gpu_device_num>{number}</gpu_device_num>
<gpu_opencl_dev_index>-1</gpu_opencl_dev_index>
<gpu_usage>1.000000</gpu_usage>
<client_pid>12</client_pid>
<host_info><coprocs><coproc_cuda><gpu_type>NVIDIA</gpu_type><gpu_device_num>9</gpu_device_num></coproc_cuda></coprocs>
</host_info>
<wu_cpu_time>0</wu_cpu_time>
</app_init_data>
"""
GIVEN = [
    ("NVIDIA", "0", Device(number=0)),
    ("NVIDIA", "1", Device(number=1)),
    (" NVIDIA ", " 12 ", Device(number=12)),
    ("", "-1", None),
    ("", "0", None),
    ("ATI", "0", None),  # none of our programs computes there
]


@pytest.mark.parametrize(("kind", "number", "device"), GIVEN)
def test_the_gpu_of_a_task_is_read_and_no_other_that_is_spoken_of(tmp_path, kind, number, device):
    (tmp_path / "init_data.xml").write_text(INIT.format(kind=kind, number=number))
    assert read_given(tmp_path).device == device


@pytest.mark.parametrize("number", ["-1", "", "1e3", "1000"])
def test_a_gpu_without_a_number_is_not_guessed(number):
    with pytest.raises(ValueError, match="names a GPU and has no usable gpu_device_num"):
        read_device(f"<gpu_type>NVIDIA</gpu_type><gpu_device_num>{number}</gpu_device_num>")


def test_a_client_that_says_nothing_of_gpus_means_the_processor():
    assert read_device("<app_init_data></app_init_data>") is None


SEEN = [  # what boinc-client itself is restricted to, its number for the GPU, the driver's name for it
    ({}, 0, "0"),
    ({}, 3, "3"),
    ({"CUDA_VISIBLE_DEVICES": "2,3"}, 1, "3"),
    ({"CUDA_VISIBLE_DEVICES": " GPU-8932f937, "}, 0, "GPU-8932f937"),
    ({"CUDA_VISIBLE_DEVICES": "2"}, 1, "1"),
]


@pytest.mark.parametrize(("host", "number", "visible"), SEEN)
def test_a_child_sees_its_own_gpu_alone(host, number, visible):
    found = surroundings(Device(number=number), host)
    assert found == {
        "JAX_PLATFORMS": "cuda,cpu",
        "CUDA_VISIBLE_DEVICES": visible,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    }


def test_gpus_are_counted_as_boinc_client_counts_them():
    assert surroundings(Device(number=0), {"CUDA_DEVICE_ORDER": "PCI_BUS_ID"})["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"


def test_without_a_gpu_the_processor_is_all_there_is(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    found = environment()
    assert found["JAX_PLATFORMS"] == "cpu"
    assert "CUDA_VISIBLE_DEVICES" not in found


@pytest.fixture
def graphic(lab):
    """The laboratory whose experiment uses JAX."""
    name = "axiom/catalogue/probe_cells.py"
    files = lab.files | {name: lab.files[name].replace(b"NOTES = ", b"import jax\n\nNOTES = ", 1)}
    assert files != lab.files
    archive = bundles.pack(files | {"manifest.json": describe_here(files)})
    made = replace(lab, files=files, archive=archive)
    made.place(archive, write_seal(made.seal(), lab.keys.bundle))
    return made


def obey(lab, tmp_path, now, device):
    runner = Runner(lab.home, 1, device=device)
    try:
        return runner.obey(lab.order(memory_mb=900).argv(), tmp_path / "slot", now=now, report=lambda *_: None)
    finally:
        runner.stop()


@pytest.mark.parametrize(("device", "status"), [(None, Exit.DONE), (Device(number=1), Exit.GPU_UNUSABLE)])
def test_a_gpu_that_jax_cannot_use_ends_the_task_by_name_and_nothing_is_computed_elsewhere(
    graphic, tmp_path, now, device, status
):
    answer = obey(graphic, tmp_path, now, device)
    assert answer.exit is status, answer.message
    assert len(graphic.computed) == (0 if device else 2)
    if device:
        assert answer.message.startswith("The GPU of this computer cannot be used: NVIDIA's driver cannot be loaded")


def test_a_driver_that_does_not_begin_is_named_with_its_own_word(monkeypatch):
    def name(_code, word):
        word._obj.value = b"CUDA_ERROR_OPERATING_SYSTEM"

    driver = SimpleNamespace(cuInit=lambda _flags: 304, cuGetErrorName=name)
    monkeypatch.setattr(child.ctypes, "CDLL", lambda _name: driver)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,cpu")
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace())
    with pytest.raises(child._NoGpuError, match=r"cuInit says CUDA_ERROR_OPERATING_SYSTEM \(304\)"):
        child._demand_device()


def test_an_experiment_without_jax_is_computed_with_a_gpu_all_the_same(lab, tmp_path, now):
    order = lab.order({"act": "look"})
    runner = Runner(lab.home, 1, device=Device(number=1))
    try:
        answer = runner.obey(order.argv(), tmp_path / "slot", now=now, report=lambda *_: None)
    finally:
        runner.stop()
    assert answer.exit is Exit.DONE, answer.message
    assert '"CUDA_VISIBLE_DEVICES": "1"' in (lab.room / "environ").read_text()
