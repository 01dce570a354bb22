"""Which files a bundle holds, and how a source is parsed.

Python 3.11 counts how deep it is in a source for all threads together. Where another thread parses at the same moment,
or has begun when a collection of garbage lets it, a good source ends in a SystemError: so one is parsed at a time.
"""

import ast
import threading
from pathlib import Path

from axiom.errors import ExperimentError

MANIFEST = "manifest.json"
FOLDER = "axiom/catalogue/"  # of a bundle, in which its experiment's own file lies
# Of `axiom.domain` what an experiment may import, what says what it declares, and what these import.
WORDS = ("declaration", "estimands", "experiments", "findings", "maps", "wrap")


def collect_sources(package: Path, experiment_file: Path) -> dict[str, bytes]:
    """Return the files that an experiment may use, by their names in a bundle; `package` is the folder `axiom`.

    The digits travel with the experiments that name them, and nothing else of the program does.
    """
    if not experiment_file.is_file():
        raise ExperimentError(f"There is no experiment file {experiment_file}. Nothing was built.")
    sources = [package / "__init__.py", *(package / "domain" / f"{name}.py" for name in ("__init__", *WORDS))]
    sources += (package / "kit").glob("*.py")
    try:
        own = experiment_file.read_bytes()
    except OSError as error:
        raise ExperimentError(
            f"The experiment file {experiment_file} cannot be read ({error.strerror}). Nothing was built; it has to be "
            "open to the account under which Axiom works."
        ) from error
    if b"digits" in own:
        sources.append(package / "kit" / "digits.bin")
    files = {f"axiom/{path.relative_to(package).as_posix()}": path.read_bytes() for path in sources if path.is_file()}
    files |= {f"{FOLDER}__init__.py": b"", experiment_path(experiment_file.stem): own}
    return dict(sorted(files.items()))


def experiment_path(name: str) -> str:
    return f"{FOLDER}{name}.py"


_ONE_AT_A_TIME = threading.Lock()


def parse_source(source: str | bytes) -> ast.Module:
    with _ONE_AT_A_TIME:
        return ast.parse(source)
