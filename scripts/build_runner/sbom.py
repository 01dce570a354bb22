"""What a runner is made of, in CycloneDX's form, with no time and no chance in it."""

import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_NAMES = uuid.UUID("5f1a3d4e-6f0a-5a7e-9c4b-0d9e6a7c1b52")


def sbom(
    *, name: str, version: str, digest: str, python: str, packages: Mapping[str, str], libraries: Iterable[Path]
) -> bytes:
    """Return the list of everything in the runtime: the interpreter, packages, and libraries from this computer."""
    parts = [_component("application", "python", python, f"pkg:generic/python@{python}")]
    parts += [
        _component("library", package, number, f"pkg:pypi/{package}@{number}") for package, number in packages.items()
    ]
    parts += [{"type": "file", "name": path.name, "bom-ref": f"file:{path.name}"} for path in sorted(libraries)]
    data = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMES, digest)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": name,
                "version": version,
                "bom-ref": name,
                "hashes": [{"alg": "SHA-256", "content": digest}],
            }
        },
        "components": sorted(parts, key=lambda part: str(part["bom-ref"])),
    }
    return json.dumps(data, indent=1, sort_keys=True).encode() + b"\n"


def _component(kind: str, name: str, version: str, reference: str) -> dict[str, Any]:
    return {"type": kind, "name": name, "version": version, "purl": reference, "bom-ref": reference}
