"""The words of an experiment's file: what it may import, and what of it not, each with the reason and the way out."""

import re
import sys

MODULES = frozenset(
    (
        *("__future__", "bisect", "cmath", "collections", "collections.abc", "dataclasses", "enum", "fractions"),
        *("functools", "heapq", "itertools", "math", "random", "statistics", "typing"),
        *("axiom.domain.experiments", "axiom.domain.findings", "axiom.domain.maps", "axiom.domain.wrap", "axiom.kit"),
        *("numpy", "numpy.fft", "numpy.lib.stride_tricks", "numpy.linalg", "numpy.polynomial", "numpy.typing"),
        *("jax", "jax.flatten_util", "jax.lax", "jax.nn", "jax.nn.initializers", "jax.numpy", "jax.numpy.fft"),
        *("jax.numpy.linalg", "jax.random", "jax.scipy", "jax.scipy.fft", "jax.scipy.linalg", "jax.scipy.optimize"),
        *("jax.scipy.signal", "jax.scipy.sparse.linalg", "jax.scipy.special", "jax.scipy.stats", "jax.tree"),
        *("jax.tree_util", "jax.typing"),
    )
)
KIT = re.compile(r"axiom\.kit\.[a-z]\w*")
IN_SHORT = (
    "axiom.domain.experiments, axiom.domain.findings, axiom.domain.maps, axiom.kit, numpy, jax and the mathematics of "
    "Python"
)

CHANCE = "all chance comes from the cell's seed: use chance.stream(seed, purpose)"
FILES = "a cell has no files: what it finds, it returns as measures"
INSIDE = "that is the inside of a library: use what it offers in public"
TEXT = "code that is text cannot be read before it runs: write it as code"
_CALLS = "a cell cannot call its host: say with progress how far it is, and return the rest as measures"
_HEARD = "whoever computes the cell listens to it: call progress.early and progress.block"
_HOST = "numbers must not depend on the host: take what varies from the config"
_KEY = "it forgets half of the seed: use chance.key(seed, purpose)"
_MOVING = "it may change with every release, and some of it calls the host: use jax, jax.numpy and jax.lax"
_OTHER = f"it is another module, and a file may use {IN_SHORT} alone, of which this is none of the listed parts"
WRITES = "it changes what others use, too: write a function or a class of your own"
STAYS = "it stays in force for the cells after this one: give what varies to each call"

_OF_NUMPY_AND_FILES = (
    *("DataSource", "fromfile", "fromregex", "genfromtxt", "load", "loadtxt", "memmap"),
    *("save", "savetxt", "savez", "savez_compressed"),
)
_INSIDES = (
    *("numpy.core", "numpy.ctypeslib", "numpy.f2py", "numpy.lib", "numpy.test", "numpy.testing"),
    *("jax.core", "jax.dlpack", "jax.export", "jax.extend", "jax.ffi", "jax.interpreters", "jax.lib", "jax.stages"),
)
# Modules that are reached through others, and are not in the list above.
_UNLISTED = (
    *("numpy.char", "numpy.dtypes", "numpy.emath", "numpy.exceptions", "numpy.ma", "numpy.matrixlib"),
    *("numpy.rec", "numpy.strings", "numpy.version"),
    *("numpy.polynomial.chebyshev", "numpy.polynomial.hermite", "numpy.polynomial.hermite_e"),
    *("numpy.polynomial.laguerre", "numpy.polynomial.legendre", "numpy.polynomial.polynomial"),
    *("numpy.polynomial.polyutils", "jax.api_util", "jax.custom_batching", "jax.custom_derivatives", "jax.dtypes"),
    *("jax.errors", "jax.image", "jax.lax.linalg", "jax.ops", "jax.ref", "jax.scipy.cluster", "jax.scipy.integrate"),
    *("jax.scipy.interpolate", "jax.scipy.ndimage", "jax.scipy.sparse", "jax.sharding", "jax.version"),
)
_OF_THE_HOST = (
    *("jax.default_backend", "jax.device_count", "jax.devices", "jax.local_device_count", "jax.local_devices"),
    *("jax.print_environment_info", "jax.process_count", "jax.process_index"),
    *("numpy.get_include", "numpy.show_config", "numpy.show_runtime"),
)
_OF_TEXT = (
    *("dataclasses.make_dataclass", "functools.singledispatch", "functools.singledispatchmethod"),
    *("typing.ForwardRef", "typing.get_type_hints"),
)
# They write into the module, the class or the function that they are given, or that is named beside it.
_WRITERS = (
    *("enum.global_enum", "enum.global_enum_repr", "enum.global_flag_repr", "enum.global_str"),
    *("functools.WRAPPER_ASSIGNMENTS", "functools.WRAPPER_UPDATES", "functools.update_wrapper", "functools.wraps"),
)
# Why a name is forbidden with all that is in it; what is nearer to the whole name counts, and "" allows it again.
FORBIDDEN = {
    **dict.fromkeys(("numpy.random", "random"), CHANCE),
    **dict.fromkeys(("numpy.random.Generator", "numpy.random.default_rng", "random.Random"), ""),
    **dict.fromkeys(("numpy.lib.stride_tricks", "jax.scipy.sparse.linalg"), ""),
    **dict.fromkeys(("jax.random.PRNGKey", "jax.random.key", "jax.random.wrap_key_data"), _KEY),
    **{f"{library}.{name}": FILES for library in ("numpy", "jax.numpy") for name in _OF_NUMPY_AND_FILES},
    **dict.fromkeys(("jax.debug", "jax.monitoring", "jax.profiler", "jax.pure_callback"), _CALLS),
    "jax.experimental": _MOVING,
    **dict.fromkeys(_OF_THE_HOST, _HOST),
    **dict.fromkeys(("jax.clear_caches", "jax.config", "jax.distributed", "numpy.seterr", "numpy.seterrcall"), STAYS),
    **dict.fromkeys(("numpy.set_printoptions", "numpy.set_string_function", "numpy.setbufsize"), STAYS),
    "numpy.datetime64": "a cell has no clock: what depends on the time is no result",
    **dict.fromkeys(_INSIDES, INSIDE),
    **dict.fromkeys(_UNLISTED, _OTHER),
    **dict.fromkeys(_OF_TEXT, TEXT),
    **dict.fromkeys(_WRITERS, WRITES),
    **dict.fromkeys(("axiom.kit.pace.attach", "axiom.kit.progress.attach"), _HEARD),  # which has an older name, too
    "axiom.domain.experiments.seed_of": "a cell's seed is given to run: take it from there",
}
# Modules of Python's own: one of them that is reached through another is none of that one's.
PYTHON = frozenset(sys.stdlib_module_names)
# Libraries that a library happens to have imported.
BEHIND = frozenset(
    (
        *("bltns", "builtins", "ctypes", "gc", "importlib", "inspect", "io", "jax", "jnp", "np", "numpy", "operator"),
        *("hashlib", "json", "os", "random", "re", "stdlib_re", "sys", "time", "types", "zlib"),
    )
)

BUILTINS = {
    **dict.fromkeys(("input", "open"), FILES),
    **dict.fromkeys(("compile", "eval", "exec"), TEXT),
    **dict.fromkeys(("dir", "globals", "locals", "vars"), "what a name stands for must be seen: write the name"),
    **dict.fromkeys(("hash", "id"), "it gives another number in each process: number things yourself"),
    **dict.fromkeys(("delattr", "setattr"), "what changes must be seen: values are made anew, not changed"),
    **dict.fromkeys(("breakpoint", "exit", "help", "quit"), "nobody sits before a cell: return measures"),
    "TODO": "it stands for what a person has yet to write: write it",
}
FRAMES = frozenset(
    (
        *("ag_await", "ag_code", "ag_frame", "cr_await", "cr_code", "cr_frame", "cr_origin"),
        *("gi_code", "gi_frame", "gi_yieldfrom", "tb_frame", "tb_next"),
        *("f_back", "f_builtins", "f_code", "f_globals", "f_locals"),
    )
)
FORMATS = frozenset(("format", "format_map"))  # methods of a text, which reach into what they are given
TO_FILES = frozenset(("dump", "tofile"))  # methods of an array
TO_MEMORY = frozenset(("capsule", "cffi", "ctypes"))  # of an array or a bit generator
HARMLESS = frozenset(("__doc__", "__name__"))
# Their first argument is a seed.
SEEDED = frozenset(
    (
        *("axiom.kit.chance.key", "axiom.kit.chance.orders", "axiom.kit.chance.stream"),
        *("numpy.random.default_rng", "random.Random"),
    )
)

# What may be called while a file is imported. To compile is put off to the first call, so that may be asked for.
AT_IMPORT = re.compile(
    r"(axiom\.domain|axiom\.kit\.(?!chance\.|pace\.|progress\.)\w+|cmath|collections|dataclasses|enum|fractions|functools"
    r"|itertools|jax\.tree_util|math|numpy|statistics|typing)\..+"
    r"|jax\.(checkpoint|custom_jvp|custom_vjp|grad|hessian|jacfwd|jacrev|jit|remat|value_and_grad|vmap)"
)
OF_CHANCE = re.compile(r"(axiom\.kit\.chance|jax\.random|numpy\.random)\..+")
PURE = frozenset(
    (
        *("abs", "bool", "classmethod", "dict", "divmod", "enumerate", "filter", "float", "frozenset", "int", "len"),
        *("list", "map", "max", "min", "pow", "property", "range", "reversed", "round", "set", "slice", "sorted"),
        *("staticmethod", "str", "sum", "tuple", "zip"),
    )
)
PLAIN_TYPE = re.compile(r"(?!.*__)[\w\s.,|\[\]]*")  # of an annotation that is text
