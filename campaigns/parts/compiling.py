"""Hears when anything is compiled: what a cell takes counts on a warm host, and one that compiles is not warm."""

import importlib
import sys

_COMPILED = "/jax/core/compile/backend_compile_duration"  # also of a program that comes from the cache


class Compiling:
    """Counts what is compiled from now on, where anything can be."""

    def __init__(self) -> None:
        self.times = 0
        if "jax" in sys.modules:
            importlib.import_module("jax.monitoring").register_event_duration_secs_listener(self._heard)

    def _heard(self, event: str, _seconds: float, **_: object) -> None:
        self.times += event == _COMPILED
