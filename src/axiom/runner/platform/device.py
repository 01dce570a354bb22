"""The GPU that boinc-client gave to a task, and how the computing process is told to use that one and no other."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass

from axiom.domain.fleet import OUR_GPUS

_NUMBER = re.compile(r"<gpu_device_num>\s*([0-9]{1,3})\s*</gpu_device_num>")
_TYPE = re.compile(r"<gpu_type>\s*([^<]*?)\s*</gpu_type>")
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_ORDER = "CUDA_DEVICE_ORDER"  # boinc-client counts by it, too, where it is set


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One GPU, by the number that boinc-client has for it: one for each task, and nobody else's meanwhile."""

    number: int


def read_device(text: str) -> Device | None:
    """Read which GPU is meant from `init_data.xml` without other people's words; None for a task on the processor.

    A GPU of our kind without a number is a ValueError: to guess one would take it from another task.
    """
    kind = _TYPE.search(text)
    if kind is None or kind[1] != OUR_GPUS:
        return None
    number = _NUMBER.search(text)
    if number is None:
        raise ValueError("init_data.xml names a GPU and has no usable gpu_device_num")
    return Device(number=int(number[1]))


def device_environment(device: Device, host: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child's environment says of devices: this GPU, and the processor beside it.

    JAX takes memory on the GPU as it needs it, not three quarters of all at once: others may compute there as well. It
    multiplies with all digits, as processors do, or hosts would not agree on the first steps of a training.
    """
    order = {_ORDER: host[_ORDER]} if _ORDER in host else {}
    return order | {
        "JAX_PLATFORMS": "cuda,cpu",
        _VISIBLE: _visible(device.number, host.get(_VISIBLE, "")),
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "JAX_DEFAULT_MATMUL_PRECISION": "highest",
    }


def _visible(number: int, seen: str) -> str:
    names = [name.strip() for name in seen.split(",") if name.strip()]
    return names[number] if number < len(names) else str(number)
