"""The computing end of the pipe: a plain script in a clean process that sees one unpacked bundle and no key.

Started as `python -s -P child.py PARENT RUNNER [MODULE]...`, or a copy of `child.py copies RUNNER SOCKET [MODULE]...`,
which `template.py` makes. Only the standard library, and these modules of what is
installed, until the bundle is at the head of `sys.path`: of our own, what is imported after that is the bundle's, never
what happens to be installed beside it. The exceptions are what confines this process, before the first line of a
bundle runs, what lays out the state of a cell, and what sees its parent end where no kernel does: they come from
RUNNER, the folder or archive of the runner's own code. One JSON object per line comes in on the first standard input
and goes out on the first standard output; whatever the experiment prints goes elsewhere.
"""

import contextlib
import ctypes
import gc
import importlib
import importlib.machinery
import itertools
import json
import math
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

_SET_PARENT_DEATH_SIGNAL = 1  # the kernel's name for it is PR_SET_PDEATHSIG
_EARLY_LIMIT = 8
_PROGRESS_EVERY = 0.5
_MOST_WORDS = 500  # characters of what an error says
_MOST_NAMES = 30  # that are told where one is wrong
_DECLARED = {  # what a file calls a field of its manifest, where that is another word
    "cell_seconds": "needs.seconds of sweep",
    "configs": "sweep",
    **{
        name: f"needs.{name}"
        for name in ("disk_mb", "gpu", "gpu_memory_mb", "memory_mb", "may_use_gpu", "side_by_side", "copies", "cores")
    },
}


class Pipe:
    def __init__(self) -> None:
        self.hear: BinaryIO = os.fdopen(os.dup(0), "rb")
        self._say = os.dup(1)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(2, 1)  # the parent drains and bounds what is printed

    def say(self, **message: Any) -> None:
        text = json.dumps(message, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        rest = text.encode() + b"\n"
        while rest:
            rest = rest[os.write(self._say, rest) :]


def _early(values: Iterable[float]) -> Iterator[float]:
    return itertools.islice(itertools.takewhile(math.isfinite, map(float, values)), _EARLY_LIMIT)


class CellListener:
    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._told_at = time.monotonic()  # a short cell says nothing on its way
        self.values: list[float] = []
        self.fraction = 0.0

    def early(self, values: Iterable[float]) -> None:
        if self.values:
            return
        self.values = list(_early(values))
        self._pipe.say(early=self.values)

    def progress(self, fraction: float) -> None:
        if not 0.0 <= fraction <= 1.0:
            return
        self.fraction, moment = float(fraction), time.monotonic()
        if moment - self._told_at >= _PROGRESS_EVERY:
            self._told_at = moment
            self._pipe.say(progress=self.fraction)


class BatchListener(CellListener):
    """Hears one of several cells that compute side by side, and says how far all of them are."""

    def __init__(self, pipe: Pipe, others: "list[BatchListener]") -> None:
        super().__init__(pipe)
        self._others = others
        others.append(self)

    def early(self, values: Iterable[float]) -> None:
        self.values = self.values or list(_early(values))

    def progress(self, fraction: float) -> None:
        self.fraction = fraction if 0.0 <= fraction <= 1.0 else self.fraction
        first, moment = self._others[0], time.monotonic()
        if moment - first._told_at >= _PROGRESS_EVERY:
            first._told_at = moment
            self._pipe.say(progress=sum(listener.fraction for listener in self._others) / len(self._others))


class Bench:
    def __init__(self, pipe: Pipe, confine: Callable[..., Any], keeper: Callable[..., Any]) -> None:
        self._tree = ""
        self._pipe = pipe
        self._confine = confine
        self._keeper = keeper
        self._experiment: Any = None
        self._charged = 0.0  # seconds of a processor before those of the next cell
        self._library = Library()

    def answer(self, line: bytes) -> None:
        request = json.loads(line)
        if request["do"] == "describe":
            self._describe(request)
        elif request["do"] == "load":
            self._enter(request["tree"], request["environment"])
            fault = self._load(request["module"])
            self._charged = time.process_time()
            self._pipe.say(loaded=fault)
        elif request["do"] == "compute_together":
            self._compute_together(request["cells"])
        else:
            self._compute(request["config"], request["seed"], request.get("keep"))

    def _enter(self, tree: str, environment: dict[str, str]) -> None:
        sys.dont_write_bytecode = True
        os.environ.update(environment)
        os.chdir(environment["TMPDIR"])
        self._tree = tree
        sys.path.insert(0, tree)
        _keep_programs_in(environment["JAX_COMPILATION_CACHE_DIR"])
        folders = [environment[name] for name in ("TMPDIR", "JAX_COMPILATION_CACHE_DIR")]
        confinement = self._confine(tree, folders, devices=environment["JAX_PLATFORMS"] != "cpu")
        self._pipe.say(held=confinement.sentence)

    def _describe(self, request: dict[str, Any]) -> None:
        self._enter(request["tree"], request["environment"])
        self._pipe.say(described=[self._declaration(module) for module in request["modules"]])

    def _load(self, module: str) -> dict[str, str] | None:
        try:
            sys.meta_path.insert(0, self._library)
            if "numpy.random" in sys.modules:
                self._library.hold("numpy.random", sys.modules["numpy.random"])
            declaration = importlib.import_module("axiom.domain.declaration")
            self._experiment = importlib.import_module(module).experiment
            self._plain = declaration.plain
            self._measures = declaration.measures(self._experiment.measures)
            self._config = type(self._experiment.sweep[0])
            _demand_device()
            _compute_at_once()
        except BaseException as fault:
            return self._fault(fault)
        return None

    def _declaration(self, module: str) -> dict[str, Any]:
        try:
            experiment = importlib.import_module(module).experiment
            declaration = importlib.import_module("axiom.domain.declaration")
            manifest = declaration.declare(experiment, avx="jax" in sys.modules)
            if why := _unsayable(manifest):
                where = f"{module.replace('.', '/')}.py"
                return {
                    "fault": {"kind": "ValueError", "where": _one_line(where, 200), "text": _one_line(why, _MOST_WORDS)}
                }
        except BaseException as fault:
            return {"fault": self._fault(fault, f"{module.replace('.', '/')}.py")}
        return {"manifest": manifest}

    def _compute(self, config: dict[str, Any], seed: int, keep: dict[str, Any] | None) -> None:
        """Compute one cell. It is charged all that this process spent since the one before."""
        listener = CellListener(self._pipe)
        began = self._charged - (keep["spent"] if keep else 0.0)
        returned = fault = None
        try:
            _attach(listener, self._keeper(self._pipe.say, lambda: listener.fraction, keep) if keep else None)
            returned = self._experiment.run(self._config(**config), seed)
            _wait_for_arrays()
        except BaseException as raised:
            fault = raised
        answer = self._answer(returned, fault, listener)
        spent = time.process_time() - began
        self._charged += spent - (keep["spent"] if keep else 0.0)
        self._pipe.say(answer=answer | {"cpu_seconds": spent})
        _give_back()

    def _compute_together(self, cells: list[tuple[dict[str, Any], int]]) -> None:
        """Compute cells side by side. Each is charged the same share of what this process spent."""
        listeners: list[BatchListener] = []
        for _ in cells:
            BatchListener(self._pipe, listeners)
        try:
            kit = importlib.import_module("axiom.kit.side_by_side")
            pairs = [(self._config(**config), seed) for config, seed in cells]
            ended = list(kit.compute(self._experiment.run, pairs, listeners))
            _wait_for_arrays()
        except BaseException as raised:
            ended = [(None, raised)] * len(cells)
        answers = [
            self._answer(returned, fault, listener)
            for (returned, fault), listener in zip(ended, listeners, strict=True)
        ]
        spent = (time.process_time() - self._charged) / len(cells)
        self._charged += spent * len(cells)
        for answer in answers:
            self._pipe.say(answer=answer | {"cpu_seconds": spent})
        _give_back()

    def _answer(self, returned: Any, fault: BaseException | None, listener: CellListener) -> dict[str, Any]:
        """What the parent hears of a cell that returned this, or raised."""
        judged: dict[str, Any] = {}
        if fault is None:
            try:
                judged = self._judge(returned)
            except BaseException as raised:
                fault = raised
        if fault is not None:
            with contextlib.suppress(BaseException):  # the experiment may have closed or changed where this goes
                print(_advise(fault), file=sys.stderr)
                traceback.print_exception(fault)
            described = self._fault(fault)
            kind = self._missing_measure(described) or described["kind"]
            judged = _failed(kind, described["where"])
        return {"early": listener.values, **judged}

    def _judge(self, returned: Any) -> dict[str, Any]:
        try:
            values, diverged = self._plain(returned, self._measures)
            judged = {"error": None, "measures": values, "outcome": "diverged" if diverged else "ok"}
        except (TypeError, AttributeError) as fault:
            judged = _failed(_one_line(str(fault), 120), self._place_of_run())
        replaced = self._library.replaced()
        return _failed("LibraryReplaced", _one_line(replaced, 200)) if replaced else judged

    def _place_of_run(self) -> str:
        function = self._experiment.run
        while hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        code = getattr(function, "__code__", None)
        if code is None:
            return "outside the bundle"
        path = code.co_filename.removeprefix(self._tree + os.sep).replace(os.sep, "/")
        return _one_line(f"{path}:{code.co_firstlineno}", 200)

    def _fault(self, fault: BaseException, own: str = "") -> dict[str, str]:
        """What was raised, and the last line of the bundle that led there; of the file `own`, where one of it did."""
        where, text = "outside the bundle", ""
        for frame, line in traceback.walk_tb(fault.__traceback__):
            path = frame.f_code.co_filename
            if path.startswith(self._tree + os.sep) and (not own or own not in where or own in path):
                where = f"{path.removeprefix(self._tree + os.sep).replace(os.sep, '/')}:{line}"
        with contextlib.suppress(BaseException):  # what was raised may not be able to say what it is
            text = ". ".join(filter(None, (str(fault), own and _advise(fault))))
        kind = "GpuUnusable" if isinstance(fault, _NoGpuError) else type(fault).__name__
        return {
            "kind": _one_line(kind, 80),
            "where": _one_line(where, 200),
            "text": _one_line(text, 2 * _MOST_WORDS if own else _MOST_WORDS),
        }

    def _missing_measure(self, fault: dict[str, str]) -> str:
        """That a measure is missing, where Python says so of the class that holds them, or `wrap` of a function."""
        text = fault["text"]
        made, _, returned = text.partition(", and its function returned ")
        names = [f"{name!r}" for name, *_ in self._measures]
        if fault["kind"] != "TypeError" or len(text) >= _MOST_WORDS:
            return ""
        if text.startswith(f"{self._experiment.measures.__qualname__}.__init__() missing "):
            lacking = [name for name in names if name in made]
        else:
            lacking = [name for name in names if returned and name not in returned]
        return f"measure {lacking[0][1:-1]} is missing in what run returned" if lacking else ""


def _failed(kind: str, where: str) -> dict[str, Any]:
    return {"error": {"kind": kind, "where": where}, "measures": None, "outcome": "failed"}


def _advise(fault: BaseException) -> str:
    """Behind a name that is nowhere, or a call with a word too many or too few: which there are, or nothing."""
    import difflib  # what a cell that ends well does without

    try:
        whose, wrong, names = _names_beside(fault)
    except BaseException:  # what is asked for its names is the bundle's
        return ""
    near = [] if wrong in names else difflib.get_close_matches(wrong, names, 3, 0.5)
    listed = ", ".join(names if len(names) <= _MOST_NAMES else near)
    return f"{f'Did you mean {near[0]}? ' if near else ''}{whose} has {listed}" if listed else ""


def _names_beside(fault: Any) -> tuple[str, str, list[str]]:
    """What was asked for the wrong name, that name, and those that it has: the words of a call, or its own."""
    import inspect
    import pkgutil

    whose, _, words = str(fault).partition("() ")
    frames = [frame for frame, _ in traceback.walk_tb(fault.__traceback__)]
    if isinstance(fault, TypeError):
        whose = whose.removesuffix(".__init__")
        places = [frame.f_globals for frame in reversed(frames)]
        modules = [vars(module) for name, module in list(sys.modules.items()) if name.startswith("axiom.")]
        called = next(place[whose] for place in (*places, *modules) if whose in place)
        return whose, words.split("'")[1], list(inspect.signature(called).parameters)
    if type(fault) is NameError:
        own = frames[-1].f_globals
        there = {name for frame in frames if frame.f_globals is own for name in (*own, *frame.f_locals)}
        return own["__name__"], fault.name or "", sorted(name for name in there if not name.startswith(("__", ".")))
    if isinstance(fault, ModuleNotFoundError):
        package, _, wrong = str(fault.name).rpartition(".")
        owner: Any = sys.modules[package]
    elif hasattr(fault, "obj"):
        owner, wrong = fault.obj, fault.name
    else:
        owner, wrong = sys.modules[fault.name], whose.split("'")[1]
    names = [name for name in getattr(owner, "__members__", dir(owner)) if not name.startswith("_")]
    if inspect.ismodule(owner):
        names = [name for name in names if getattr(getattr(owner, name), "__module__", "") == owner.__name__]
        names += [module.name for module in pkgutil.iter_modules(getattr(owner, "__path__", ()))]
    return getattr(owner, "__name__", type(owner).__name__), wrong, names


class Library:
    """What a bundle's library consisted of when it was imported, to find who replaces the kit's chance or a check.

    That may be a mistake or a trick. It is no wall: code that looks for this object finds it, and what holds is the
    sandbox.
    """

    def __init__(self) -> None:
        self._held: list[tuple[Any, str, Any, str]] = []

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name != "numpy.random" and not name.startswith(("axiom.domain", "axiom.kit")):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_hold(module: Any) -> None:
                execute(module)
                self.hold(name, module)

            spec.loader.exec_module = execute_and_hold  # type: ignore[method-assign]
        return spec

    def hold(self, name: str, module: Any) -> None:
        for key, value in list(vars(module).items()):
            if key != "_door":  # at which progress finds who listens to the present cell
                self._held.append((module, key, value, f"{name}.{key}"))
            if getattr(value, "__module__", "") != name:
                continue
            if isinstance(value, type):
                parts = [part for part in vars(value) if part != "__dict__"]
            else:
                parts = [part for part in ("__code__", "__defaults__", "__kwdefaults__") if hasattr(value, part)]
            self._held += [(value, part, _part(value, part), f"{name}.{key}.{part}") for part in parts]

    def replaced(self) -> str:
        return next((label for owner, key, value, label in self._held if _part(owner, key) is not value), "")


def _part(owner: Any, name: str) -> Any:
    if name in {"__code__", "__defaults__", "__kwdefaults__"}:
        return getattr(owner, name)
    return vars(owner).get(name)


def _unsayable(part: Any, name: str = "") -> str:
    if isinstance(part, dict):
        fields = (
            _unsayable(value, f"{name}.{key}" if name else _DECLARED.get(key, str(key))) for key, value in part.items()
        )
        return next(filter(None, fields), "")
    if isinstance(part, list | tuple):
        return next(filter(None, (_unsayable(value, f"{name}[{place}]") for place, value in enumerate(part))), "")
    if isinstance(part, str):
        odd = next((letter for letter in part if letter == "\0" or "\ud800" <= letter <= "\udfff"), "")
        return f"{name} holds {odd!a}, which is no character of a text" if odd else ""
    if isinstance(part, float) and not math.isfinite(part):
        return f"{name} is {part}, and must be a finite number"
    return "" if part is None or isinstance(part, int | float) else f"{name} is of the type {type(part).__name__}"


def _keep_programs_in(folder: str) -> None:
    """Tell JAX where to keep what it compiles, if it was imported before that was known: it read its variables then."""
    jax = sys.modules.get("jax")
    if jax:
        jax.config.update("jax_compilation_cache_dir", folder)


def _compute_at_once() -> None:
    """Have JAX compute on the processor when it is told to, so that what nobody waits for is not put off either."""
    jax = sys.modules.get("jax")
    if jax:
        jax.config.update("jax_cpu_enable_async_dispatch", False)


def _wait_for_arrays() -> None:
    """Wait for what JAX still computes on a device: a cell ends when its work does, not when it was ordered."""
    jax = sys.modules.get("jax")
    for array in jax.live_arrays() if jax else ():
        array.block_until_ready()


class _NoGpuError(Exception):
    """JAX cannot use the GPU that the task was given; the parent knows it as GpuUnusable."""


def _demand_device() -> None:
    """Fail at once and by name where a GPU was given and JAX cannot use it: it would compute on the processor."""
    jax = sys.modules.get("jax")
    if jax is None or os.environ["JAX_PLATFORMS"] == "cpu":
        return
    _demand_driver()
    try:
        platforms = {device.platform for device in jax.devices()}
        (jax.numpy.arange(2) + 1).block_until_ready()  # what it sees may lack what compiles for it
    except Exception as fault:
        raise _NoGpuError(str(fault)) from None
    if "gpu" not in platforms:
        raise _NoGpuError(f"JAX sees {', '.join(sorted(platforms))} alone")


def _demand_driver() -> None:
    """Have NVIDIA's driver begin in this very process: JAX would not say why it does not."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError as fault:
        raise _NoGpuError(f"NVIDIA's driver cannot be loaded ({fault})") from None
    if code := driver.cuInit(0):
        name = ctypes.c_char_p()
        driver.cuGetErrorName(code, ctypes.byref(name))
        raise _NoGpuError(f"NVIDIA's driver does not begin: cuInit says {(name.value or b'').decode()} ({code})")


def _one_line(text: str, most: int) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in text[:most])


def _give_back() -> None:
    """Return to the system what a cell has freed: compiling leaves tens of MB behind in the C library's hands."""
    with contextlib.suppress(AttributeError, OSError, TypeError):  # glibc alone can; Windows has no nameless library
        ctypes.CDLL(None).malloc_trim(0)


def _preload(modules: list[str]) -> None:
    """What is imported stays, so that nothing is gained by looking for what of it is not needed any more."""
    gc.disable()
    for module in modules:
        with contextlib.suppress(ImportError):  # a bundle that needs it will say so itself
            importlib.import_module(module)
    gc.freeze()
    gc.enable()


def _attach(listener: CellListener, keeper: Any) -> None:
    try:
        progress = importlib.import_module("axiom.kit.pace")  # the name by which bundles of every age know it
    except ModuleNotFoundError:
        return  # a bundle without a kit says nothing on its way
    progress.attach(listener, keeper)


def _import_own(runner: str, module: str) -> Any:
    """A module of the runner's own code; that it was imported is forgotten again, for the bundle has its own."""
    sys.path.insert(0, runner)
    own_module = importlib.import_module(module)
    sys.path.remove(runner)
    for name in [name for name in sys.modules if name.partition(".")[0] == "axiom"]:
        del sys.modules[name]
    return own_module


def _end_with(parent: int, runner: str) -> None:
    """End when the parent ends: at once where the kernel can tell, by a thread that watches elsewhere.

    Where it can tell there is no such thread: one that began before this process is confined would stay free.
    """
    if sys.platform != "linux":
        system = _import_own(runner, "axiom.runner.platform.system").system
        threading.Thread(target=_watch, args=(system, parent), daemon=True).start()
        return
    _die_with(parent)


def _die_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(_SET_PARENT_DEATH_SIGNAL, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _watch(system: Any, parent: int) -> None:
    system.outlast(parent)
    os._exit(1)


def main() -> None:
    parent, runner, *modules = sys.argv[1:]
    if sys.platform == "win32":  # its registry may name folders of another Python
        own = (sys.prefix.lower(), sys.base_prefix.lower())
        sys.path[:] = [place for place in sys.path if place.lower().startswith(own)]
    # A scheduler that ends a job tells each of its processes. The parent asks for the state first, and then ends us.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if parent == "copies":  # the word that `spawn.py` says
        handle, *modules = modules
        _import_own(runner, "axiom.runner.child.template").serve(int(handle), lambda: _preload(modules))
    else:
        _end_with(int(parent), runner)
        _preload(modules)
    pipe = Pipe()
    confine = _import_own(runner, "axiom.runner.confine.confine").confine
    keeper = _import_own(runner, "axiom.runner.child.state_keeper").StateKeeper
    bench = Bench(pipe, confine, keeper)
    for line in pipe.hear:
        bench.answer(line)
    os._exit(0)  # threads that an experiment left behind must not keep the process


if __name__ == "__main__":
    main()
