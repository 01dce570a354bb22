"""The key of a model's service: where it is kept, and how it stays out of everything that is written."""

import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from axiom.errors import KeysUnusable

VARIABLE = "AXIOM_MODEL_KEY"
_HIDDEN = "[the model's key]"


class ModelKey:
    """The key itself, which no text of the program shows."""

    def __init__(self, value: str) -> None:
        self.value = value
        self._forms = [value, json.dumps(value)[1:-1], quote(value, safe="")] if value else []

    def __repr__(self) -> str:
        return f"ModelKey({_HIDDEN if self.value else 'none'})"

    def hide(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, _HIDDEN)
        return text


def read_key(environment: Mapping[str, str], file: str) -> ModelKey:
    """The key of the environment, or of a file that its owner alone may read; none where neither is there."""
    value = environment.get(VARIABLE, "").strip() or (_from_file(Path(file).expanduser()) if file else "")
    if value and (not value.isascii() or not value.isprintable() or " " in value):
        raise KeysUnusable(
            f"The key of the model (from {VARIABLE} or {file or 'a file'}) has signs that no key has, so no service "
            "would take it. Nothing was sent; copy it again, on one line."
        )
    return ModelKey(value)


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as opened:
            mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
            if os.name == "posix" and mode & 0o077:
                raise KeysUnusable(
                    f"Others may read the key of the model: {path} has mode {mode:04o}. Nothing was sent; say "
                    f"`chmod 600 {path}`, and ask the service for another key if somebody else uses this computer."
                )
            value = opened.read(10_000).strip()
    except (OSError, ValueError) as error:
        raise KeysUnusable(
            f"The key of the model cannot be read from {path} ({error}). Nothing was sent; put the key alone into that "
            f"file, mode 0600, or into the variable {VARIABLE}."
        ) from error
    if not value:
        raise KeysUnusable(f"{path} is empty, and should hold the key of the model. Nothing was sent.")
    return value
