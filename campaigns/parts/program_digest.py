"""Which program a long campaign was begun with, so that what it keeps is not taken for that of another."""

import hashlib
from pathlib import Path

import simulation
import world

import axiom
import axiom_weigh


def program_digest() -> str:
    """Changes when any of the program does, or the simulation under it."""
    hashed = hashlib.sha256()
    for module in (axiom, axiom_weigh, simulation, world):
        package = Path(module.__file__ or "").parent
        for file in sorted((*package.rglob("*.py"), *package.rglob("*.sql"))):
            hashed.update(file.read_bytes())
    return hashed.hexdigest()[:16]
