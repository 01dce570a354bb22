"""What the experiments of the program declare, told once by whoever changed them and shipped beside them.

A new laboratory publishes the whole catalogue, and to ask each file would cost a process with its own JAX, and to read
each for what is not allowed some seconds in all. What is shipped counts for the very bytes that were read and asked and
for no others: a file that was changed is read and asked again, and one with something to refuse is never listed.
`scripts/docs` writes the list, and checks that it is current.
"""

import functools
import hashlib
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from axiom.errors import BundleError, ExperimentError, FileUnusable
from axiom.laboratory.experiments.rules.source_rules import check_source
from axiom.runner.direct import Describer, describe_files, describe_here
from axiom.signed import canonical_json
from axiom.signed.sources import collect_sources, experiment_path

LIST = "declared.json"


def find_declaration(catalogue: Path, name: str, files: Mapping[str, bytes]) -> bytes | None:
    """The manifest of these very files, if this catalogue's list has it."""
    if experiment_path(name) not in files:
        return None
    listed = _declarations(catalogue)
    entry = listed["experiments"].get(name)
    shared, own = _digests(name, files)
    if entry is None or (listed["shared"], entry["source"]) != (shared, own):
        return None
    return canonical_json.canonical_bytes(entry["manifest"])


def ask_declaration(files: Mapping[str, bytes], name: str, describe: Describer = describe_files) -> bytes:
    """What these files declare. Of a file that is no Python, or imports what no cell has, the gates' words say so."""
    try:
        return describe_here(files, describe)
    except FileUnusable as error:
        for refusal in check_source(files[experiment_path(name)], name):
            is_unread = refusal.gate == "G0" and error.kind == "SyntaxError"
            is_lacking = (
                error.kind == "ModuleNotFoundError" and error.where == f"{experiment_path(name)}:{refusal.line}"
            )
            if is_unread or is_lacking:
                words = f"{name}.py, line {refusal.line}: {refusal.sentence.rstrip('.')}."
                raise ExperimentError(words) from error
        raise


def list_outdated_declarations(package: Path, catalogue: Path) -> list[str]:
    """The experiments whose entry is missing or of other files, and entries of experiments that are not there."""
    files = {file.stem: file for file in _files(catalogue)}
    missing = [
        name
        for name, file in files.items()
        if find_declaration(catalogue, name, collect_sources(package, file)) is None
    ]
    return sorted({*missing, *(_declarations(catalogue)["experiments"].keys() - files.keys())})


def render_declarations(package: Path, catalogue: Path, describe: Describer = describe_files) -> str:
    """The list as it should be, one line for each experiment. Who is not current is asked, each by itself."""
    files = _files(catalogue)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        lines = list(pool.map(functools.partial(_line, package, describe), files))
    shared = {_digests(file.stem, collect_sources(package, file))[0] for file in files}
    return '{{"shared": "{}",\n"experiments": {{\n{}\n}}}}\n'.format("".join(shared), ",\n".join(lines))


def _line(package: Path, describe: Describer, file: Path) -> str:
    files = collect_sources(package, file)
    refused = check_source(files[experiment_path(file.stem)], file.stem)
    if refused:
        raise BundleError(
            f"{file.name}, line {refused[0].line}: {refused[0].sentence} The list was not written: whoever publishes "
            "what it lists does not read the file again."
        )
    raw = find_declaration(file.parent, file.stem, files) or describe_here(files, describe)
    entry = {"source": _digests(file.stem, files)[1], "manifest": json.loads(raw)}
    return f"{json.dumps(file.stem)}: {canonical_json.canonical_bytes(entry).decode()}"


def _files(catalogue: Path) -> list[Path]:
    return sorted(catalogue.glob("[a-z]*.py"))


def _declarations(catalogue: Path) -> Mapping[str, Any]:
    """The list, or an empty one where there is none: nothing is wrong with that, everything is asked then."""
    path = catalogue / LIST
    return _read(path.read_bytes()) if path.is_file() else {"shared": "", "experiments": {}}


@functools.lru_cache(maxsize=1)
def _read(raw: bytes) -> Mapping[str, Any]:
    declarations: Mapping[str, Any] = json.loads(raw)
    return declarations


def _digests(name: str, files: Mapping[str, bytes]) -> tuple[str, str]:
    """A digest of the sources that all experiments may import, and one of the experiment's own file."""
    own = experiment_path(name)
    shared = hashlib.sha256()
    for path in sorted(path for path in files if path.endswith(".py") and path != own):
        shared.update(f"{path} {hashlib.sha256(files[path]).hexdigest()}\n".encode())
    return shared.hexdigest(), hashlib.sha256(files[own]).hexdigest()
