"""The file with which whoever asks something new begins, at the terminal or through a tool: it passes all gates."""

from string import Template

_TEMPLATE = Template('''"""Does a wider network generalise better?

Whoever trains a network chooses its width first, and each neuron costs memory and time. We expect that more of them
help here, since two cannot tell five classes apart; it would surprise us if 64 answered new examples worse.
"""  # The question's page quotes this as your words: why it matters, to whom, what you expect and why.

from dataclasses import dataclass

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, models, training


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies: int, float, bool or str."""

    width: int
    gap: float = 0.55  # between the classes; at 0 nothing can be learned of them


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured in one cell: numbers, or short curves as tuple[float, ...]."""

    test_accuracy: float
    accuracy_by_epoch: tuple[float, ...]


def run(config: Config, seed: int) -> Measures:
    """One cell. Everything drawn by chance comes from the seed, through chance.stream(seed, purpose)."""
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=500, test=500, separation=config.gap)
    start = models.mlp(chance.stream(seed, "start"), (20, config.width, 5))
    nets = training.sgd(start, task, chance.orders(seed, items=500, epochs=20), lr=0.1, batch=50)
    curve = [training.accuracy(net, task.x_test, task.y_test) for net in nets]  # after each epoch
    return Measures(test_accuracy=curve[-1], accuracy_by_epoch=tuple(curve))


experiment = Experiment(  # docs/reference/experiment.md lists all words of a file, docs/reference/kit.md all of the kit
    name="$name",
    version=1,  # raise it whenever the numbers may change
    question="Does a wider network generalise better?",
    run=run,
    measures=Measures,
    sweep=grid(Config, width=[2, 16, 64]),
    ranges={"width": (1, 1_024), "gap": (0.0, 2.0)},  # what others may choose
    estimands=(  # what is concluded, said before anything is seen
        Estimand(
            name="wide_minus_narrow",
            claim="64 neurons generalise better than 2",
            kind=Kind.CONTRAST,
            measure="test_accuracy",
            between=({"width": 64}, {"width": 2}),
            expects=Direction.MORE,  # the number is above zero if the claim holds; LESS: below; ABSENT: near it
            smallest=0.05,  # nearer to nothing than this counts as absent
            prediction=Prediction(positive=0.9, negative=0.02, absent=0.08, interval=(0.05, 0.4), because="more room"),
        ),
    ),
    headlines=(  # the answer above its page, while these verdicts stand; where none fits, the page has none
        Headline(says="64 neurons generalise better than 2", when={"wide_minus_narrow": Direction.MORE}),
        Headline(says="64 neurons generalise worse than 2", when={"wide_minus_narrow": Direction.LESS}),
        Headline(says="64 neurons and 2 generalise alike", when={"wide_minus_narrow": Direction.ABSENT}),
    ),
    controls=(  # what an estimand is worth: it finds what is put there, and nothing where nothing can be learned
        Control(
            estimand="wide_minus_narrow",
            placebo=grid(Config, width=[2, 64], gap=[0.0]),  # trained for real: what leaks in shows
            planted=(Config(width=2, gap=0.0), Config(width=64)),
        ),
    ),
    figure=Figure(x="width", y="test_accuracy", log=("x",), title="Accuracy by width"),
    setting="",  # of all cells that `ranges` allow, as in "small networks that learn clusters": sentences begin with it
    words={"test_accuracy": "accuracy on new examples", "gap": "distance between the clusters"},
    needs=Needs(seconds=lambda _: 0.02, memory_mb=400),  # of one cell, and of a whole task
)
''')


def write_new_text(name: str) -> str:
    return _TEMPLATE.substitute(name=name)
