"""An experiment that costs nothing, and files of what tests make of it."""

from pathlib import Path

import axiom
from axiom.laboratory.experiments.publish import PackedBundle, pack_experiment

PACKAGE = Path(axiom.__file__).parent

_TINY = '''"""Adds up."""
from dataclasses import dataclass

from axiom.domain.experiments import Experiment, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction

{top}


@dataclass(frozen=True, kw_only=True)
class Config:
    size: int{further}


@dataclass(frozen=True, kw_only=True)
class Measures:
    total: float
    count: int | None


def run(config, seed):
    return Measures(total=float(config.size), count=seed % 2)


experiment = Experiment(
    name="{name}",
    version={version},
    question="What is the sum?",
    run=run,
    measures=Measures,
    sweep=grid(Config, size={sizes}{shifts}),
    ranges={{"size": (1, 9){range}}},
    estimands=(
        Estimand(
            name="grows",
            claim="a larger size has a larger total",
            kind=Kind.CONTRAST,
            measure="total",
            between=({{"size": 1}}, {{"size": 2}}),
            smallest={smallest},
            expects=Direction.MORE,
            prediction=Prediction(positive=0.8, negative=0.1, absent=0.1, interval=(0.5, 1.5), because="a test"),
        ),
    ),
    needs=Needs(seconds=lambda config: 1.0, memory_mb=100{gpu}{copies}),
)
'''


def tiny_source(
    *,
    name: str = "tiny_sum",
    version: int = 1,
    sizes: tuple[int, ...] = (1, 2),
    smallest: float = 0.1,
    top: str = "",
    has_shift: bool = False,
    factor: str = "size",
    uses_gpu: bool = False,
    copies: int = 1,
) -> str:
    """An experiment that costs nothing. `top` is code of its own that changes no meaning, `factor` the factor's name.

    With a shift there is a factor that the claim leaves open, so that further designs of it are possible.
    """
    further, shifts, reach = ("\n    shift: int", ", shift=[0]", ', "shift": (0, 9)') if has_shift else ("", "", "")
    return _TINY.format(
        name=name,
        version=version,
        sizes=list(sizes),
        smallest=smallest,
        top=top,
        further=further,
        shifts=shifts,
        range=reach,
        gpu=", may_use_gpu=True" if uses_gpu else "",
        copies=f", copies={copies}" if copies > 1 else "",
    ).replace("size", factor)


def prepare_text(name: str, text: str, folder: Path) -> PackedBundle:
    """Pack and describe a file of this name, by a real child."""
    file = folder / f"{name}.py"
    file.write_text(text)
    return pack_experiment(PACKAGE, file)
