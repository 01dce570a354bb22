"""Where the experiments lie that are installed beside the program."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import axiom


@cache
def catalogue_folder() -> Path:
    """The folder of the distribution `axiom-catalogue`; one that does not exist, and so has nothing, without it."""
    spec = find_spec("axiom_catalogue")  # which imports nothing
    return Path(axiom.__file__).parent / "no-catalogue" if spec is None else Path(str(spec.origin)).parent
