"""A laboratory that runs and lets programs in, one with each right."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from patience import PATIENCE
from running_lab import Lab, answer, running, typed
from tiny_experiment import tiny_source

from axiom.domain.programs import Right

OWN_SUM = tiny_source(name="own_sum")


@dataclass(frozen=True, kw_only=True)
class ProgramsLab:
    """The laboratory, and the token of a program of each right."""

    lab: Lab
    tokens: Mapping[str, str]

    @property
    def site(self) -> str:
        return self.lab.address.rstrip("/")

    def client(self, may: str) -> httpx.Client:
        bearer = {"authorization": f"Bearer {self.tokens[may]}"}
        return httpx.Client(base_url=self.lab.address, headers=bearer, timeout=PATIENCE)

    def audited(self, caller: str) -> list[dict[str, Any]]:
        rows = answer("audit", "show", "--limit", 10_000, data=self.lab.data)["audit"]
        return [row for row in rows if row["caller"] == f"program:{caller}"]


@contextlib.contextmanager
def programs_lab(data: Path, *, port: int = 0, url: str = "", more: str = "") -> Iterator[ProgramsLab]:
    """One that holds no sessions, so that nothing but what programs say happens there."""
    assert typed("init", data, "--port", port, "--url", url).returncode == 0
    with (data / "axiom.toml").open("a") as settings:
        settings.write(f"api = true\nworkers = 1\n{more}")
    tokens = {may.value: typed("program", "add", may, "--may", may, data=data).stdout.strip() for may in Right}
    with running(data, "--no-pi", "--port", str(port)) as lab:
        yield ProgramsLab(lab=lab, tokens=tokens)
