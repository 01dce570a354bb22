"""The GPU of a task: read from what boinc-client says, told to the child, and named when it cannot be used."""

import sys
from types import SimpleNamespace

import pytest

from axiom.domain.work import Exit
from axiom.runner.boinc.protocol import read_setup
from axiom.runner.child import child
from axiom.runner.child.environment import child_environment
from axiom.runner.platform.device import Device, device_environment, read_device

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


def test_the_gpu_of_a_task_is_read_and_no_other_that_is_spoken_of(tmp_path):
    for kind, number, device in (
        ("NVIDIA", "0", Device(number=0)),
        (" NVIDIA ", " 12 ", Device(number=12)),
        ("", "-1", None),
        ("", "0", None),
        ("ATI", "0", None),  # none of our programs computes there
    ):
        (tmp_path / "init_data.xml").write_text(INIT.format(kind=kind, number=number))
        assert read_setup(tmp_path).device == device
    assert read_device("<app_init_data></app_init_data>") is None
    for number in ("-1", "", "1e3", "1000"):
        with pytest.raises(ValueError, match="gpu_device_num"):
            read_device(f"<gpu_type>NVIDIA</gpu_type><gpu_device_num>{number}</gpu_device_num>")


@pytest.mark.parametrize(
    ("host", "number", "visible"),  # what boinc-client is restricted to, its number, the driver's name for it
    [
        ({}, 0, "0"),
        ({}, 3, "3"),
        ({"CUDA_VISIBLE_DEVICES": "2,3"}, 1, "3"),
        ({"CUDA_VISIBLE_DEVICES": " GPU-8932f937, "}, 0, "GPU-8932f937"),
        ({"CUDA_VISIBLE_DEVICES": "2", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, 1, "1"),
    ],
)
def test_a_child_sees_its_own_gpu_alone_counted_as_boinc_client_counts(host, number, visible):
    assert device_environment(Device(number=number), host) == {
        "JAX_PLATFORMS": "cuda,cpu",
        "CUDA_VISIBLE_DEVICES": visible,
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
        **{name: value for name, value in host.items() if name == "CUDA_DEVICE_ORDER"},
    }


def test_without_a_gpu_the_processor_is_all_there_is(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    variables = child_environment()
    assert variables["JAX_PLATFORMS"] == "cpu"
    assert "CUDA_VISIBLE_DEVICES" not in variables


@pytest.mark.parametrize(("device", "status"), [(None, Exit.DONE), (Device(number=1), Exit.GPU_UNUSABLE)])
def test_a_gpu_that_jax_cannot_use_ends_the_task_and_nothing_is_computed_elsewhere(
    lab_with_jax, obey_anew, device, status
):
    answer = obey_anew(lab_with_jax, lab_with_jax.order(memory_mb=900), device=device)
    assert answer.exit is status, answer.message
    assert len(lab_with_jax.computed) == (0 if device else 2)
    assert ("NVIDIA's driver cannot be loaded" in answer.message) == bool(device)


def test_a_driver_that_does_not_begin_is_named_with_its_own_word(monkeypatch):
    def name(_code, word):
        word._obj.value = b"CUDA_ERROR_OPERATING_SYSTEM"

    driver = SimpleNamespace(cuInit=lambda _flags: 304, cuGetErrorName=name)
    monkeypatch.setattr(child.ctypes, "CDLL", lambda _name: driver)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,cpu")
    monkeypatch.setitem(sys.modules, "jax", SimpleNamespace())
    with pytest.raises(child._NoGpuError, match=r"cuInit says CUDA_ERROR_OPERATING_SYSTEM \(304\)"):
        child._demand_device()


def test_an_experiment_without_jax_is_computed_with_a_gpu_all_the_same(lab, obey_anew):
    answer = obey_anew(lab, lab.order({"act": "look"}), device=Device(number=1))
    assert answer.exit is Exit.DONE, answer.message
    assert '"CUDA_VISIBLE_DEVICES": "1"' in (lab.room / "environ").read_text()
