"""What an experiment may import: pure functions under the names that the literature gives them."""

import importlib as _importlib
import sys as _sys
from importlib.abc import Loader as _Loader
from importlib.machinery import ModuleSpec as _ModuleSpec
from types import ModuleType as _ModuleType
from typing import Any as _Any

RENAMED = {  # which a module of the kit is today that experiments import by an older name
    "committee": "committee_machines",
    "courses": "minibatch_descent",
    "echoes": "large_reservoirs",
    "goals": "critical_batch_size",
    "lazy": "lazy_training",
    "masked": "lottery_tickets",
    "pace": "progress",
    "pairs": "network_pairs",
    "planes": "pixel_networks",
    "readouts": "attribute_readouts",
    "rivals": "gradient_starvation",
    "slopes": "fast_gradients",
    "states": "checkpoints",
}


class _OlderNames(_Loader):
    """Answers Python's search for a module by an older name with the very module of today."""

    def find_spec(self, name: str, path: _Any = None, target: _Any = None) -> _ModuleSpec | None:
        package, _, module = name.rpartition(".")
        return _ModuleSpec(name, self) if package == __name__ and module in RENAMED else None

    def create_module(self, spec: _ModuleSpec) -> None:
        """Let Python make an empty one, whose place the module of today takes."""

    def exec_module(self, module: _ModuleType) -> None:
        older = module.__name__.rpartition(".")[2]
        _sys.modules[module.__name__] = _importlib.import_module(f"{__name__}.{RENAMED[older]}")


_sys.meta_path.append(_OlderNames())
