"""Five shipped experiments with a fault each, as the old laboratory's scripts had them, and a catalogue of these."""

from dataclasses import dataclass
from pathlib import Path

from axiom import shipped


@dataclass(frozen=True, kw_only=True)
class Accident:
    """What went wrong, in which experiment, and by which change of its text."""

    what: str
    experiment: str
    changes: tuple[tuple[str, str], ...]

    @property
    def sound(self) -> str:
        """The text without the fault."""
        return (shipped.catalogue_folder() / f"{self.experiment}.py").read_text(encoding="utf-8")

    @property
    def broken(self) -> str:
        """The text with it."""
        text = self.sound
        for old, new in self.changes:
            if text.count(old) != 1:
                raise ValueError(
                    f"{self.experiment} has {old!r} {text.count(old)} times, so the fault cannot be put in"
                )
            text = text.replace(old, new)
        return text


ACCIDENTS = (
    Accident(
        what="a key of a dictionary is misspelt, in the summary at the end of every cell",
        experiment="double_descent",
        changes=(
            ("measure(config, seed, noise)\n", 'measure(config, seed, noise)\n    summary = {"risk": risk}\n'),
            ("        risk=risk,\n", '        risk=summary["rsik"],\n'),
        ),
    ),
    Accident(
        what="every seed is 42",
        experiment="catapult_phase",
        changes=(('chance.stream(seed, "start")', 'chance.stream(42, "start")'),),
    ),
    Accident(
        what="12 of 13 seeds fail",
        experiment="symmetry_breaking_dynamics",
        changes=(
            (
                "    distances, losses = [apart(weights)], []\n",
                '    weights = weights * np.ones(1)[chance.stream(seed, "lot").integers(0, 13)]\n'
                "    distances, losses = [apart(weights)], []\n",
            ),
        ),
    ),
    Accident(
        what="a number of NumPy is written as JSON",
        experiment="layer_balance",
        changes=(
            ("import math\n", "import json\nimport math\n"),
            (
                "    return Measures(\n",
                '    print(json.dumps({"train": np.float32(errors[-1])}))\n    return Measures(\n',
            ),
        ),
    ),
    Accident(
        what="shapes do not fit, after all the training",
        experiment="antisymmetric_start",
        changes=(("@ a - y_test\n", "@ a - y_test[1:]\n"),),
    ),
)


def write_catalogue(folder: Path) -> Path:
    """A distribution `axiom_catalogue` with these five alone, below this folder; put it on PYTHONPATH."""
    package = folder / "axiom_catalogue"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").write_text('"""Five experiments with a fault each."""\n')
    for accident in ACCIDENTS:
        (package / f"{accident.experiment}.py").write_text(accident.broken)
    return folder
