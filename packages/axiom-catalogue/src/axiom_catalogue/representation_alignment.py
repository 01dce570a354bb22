"""Do networks that start apart learn the same representation, the more so the wider they are?

Why it matters: if networks that start apart learn the same, there may be one right way to see the data, and results of
one network hold for others.

We train two ReLU networks that differ in nothing but their start, on one Gaussian mixture in one order, and ask how
alike their hidden layers are: linear centred kernel alignment (CKA) of what each makes of the same test inputs, which
does not mind in which order the neurons stand (Kornblith et al. 2019). The old laboratory found 0.79 at width 32 and
0.96 at width 256, and took it for something learned.

It need not be: two wide networks are alike before any training, since both come near to the same kernel (Lee et al.
2019, arXiv:1902.06720). So the same is measured at the start, and what training adds is the difference. A floor is
measured, too: CKA with the rows of one network in another order, so that no input meets itself.

We expect alignment to grow with width towards 1, at the start already, and training to add most at narrow width: so
much that the narrowest networks may end more alike than somewhat wider ones.

History: 1, first version; the old laboratory's widths and one smaller and one larger each.
"""

import math
from dataclasses import dataclass

import numpy as np

from axiom.domain.experiments import Control, Experiment, Figure, Headline, Needs, grid
from axiom.domain.findings import Direction, Estimand, Kind, Prediction
from axiom.kit import chance, data, geometry, models, network_pairs, optimizers, training


@dataclass(frozen=True, kw_only=True)
class Config:
    """What varies."""

    width: int
    lr: float = 0.05
    epochs: int = 40
    control: str = "none"  # or placebo: 32 neurons whatever the width says, from starts of their own


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is measured; of networks that diverged, only that. Conclusions are estimands, computed by the server."""

    diverged: int  # 1 when the weights of either network left the real numbers
    first_alignment: float | None = None  # CKA of the two first hidden layers, after training
    second_alignment: float | None = None
    first_at_start: float | None = None
    second_at_start: float | None = None
    first_gain: float | None = None  # by training
    second_gain: float | None = None
    floor: float | None = None  # of the first layers after training, had the two networks nothing in common
    test_accuracy: float | None = None  # mean of the two
    first_by_snapshot: tuple[float, ...] | None = None  # from the start on, at six places at most


def run(config: Config, seed: int) -> Measures:
    """One cell: two networks of one width. The seed fixes data and order for every width alike."""
    is_placebo = config.control == "placebo"
    width, of = (32, f", width {config.width}") if is_placebo else (config.width, "")
    task = data.clusters(chance.stream(seed, "data"), inputs=20, classes=5, train=1_000, test=500)
    purposes = (f"first start{of}", f"second start{of}")
    network, other = (models.mlp(chance.stream(seed, purpose), (20, width, width, 5)) for purpose in purposes)
    start = network + other
    orders = chance.orders(seed, items=1_000, epochs=config.epochs)

    end, seen = training.trained(
        start,
        task,
        orders,
        objective=network_pairs.cross_entropies,
        rates=optimizers.Rates(lr=config.lr),
        batch=64,
        every=math.ceil(config.epochs / 5),
        watch=lambda net: alignment(net, task.x_test),
    )
    if not all(np.isfinite(layer.weights).all() for layer in end):
        return Measures(diverged=1)
    before, after = alignment(start, task.x_test), seen[-1]
    hidden, strange = (models.hidden(net, task.x_test)[0] for net in network_pairs.halves(end))
    return Measures(
        diverged=0,
        first_alignment=after[0],
        second_alignment=after[1],
        first_at_start=before[0],
        second_at_start=before[1],
        first_gain=after[0] - before[0],
        second_gain=after[1] - before[1],
        floor=geometry.cka(hidden, strange[chance.stream(seed, "floor").permutation(len(strange))]),
        test_accuracy=sum(training.accuracy(net, task.x_test, task.y_test) for net in network_pairs.halves(end)) / 2,
        first_by_snapshot=(before[0], *(first for first, _ in seen)),
    )


def alignment(pair: models.Net, x: data.Floats) -> list[float]:
    """CKA of the two networks, hidden layer by hidden layer."""
    first, second = (models.hidden(net, x) for net in network_pairs.halves(pair))
    return [geometry.cka(layer, other) for layer, other in zip(first, second, strict=True)]


experiment = Experiment(
    name="representation_alignment",
    aliases=("repalignv2", "cka_width"),
    version=1,
    question="Do networks that start apart learn the same representation, the more so the wider they are?",
    reference="Kornblith et al. 2019, arXiv:1905.00414; Lee et al. 2019, arXiv:1902.06720",
    run=run,
    measures=Measures,
    sweep=grid(Config, width=[16, 32, 64, 128, 256, 512]),
    ranges={"width": (4, 1_024), "lr": (1e-4, 0.5), "epochs": (1, 400)},
    estimands=(
        Estimand(
            name="alignment_with_width",
            claim="after training, first layers are more alike the wider the networks are",
            kind=Kind.RANK_CORRELATION,
            measure="first_alignment",
            across="width",
            smallest=0.3,
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.8, 1.0), because="both near one kernel"
            ),
            expects=Direction.MORE,
        ),
        Estimand(
            name="gain_with_width",
            claim="training adds less to how alike the first layers of two networks are the wider the networks are",
            kind=Kind.RANK_CORRELATION,
            measure="first_gain",
            across="width",
            expects=Direction.LESS,
            smallest=0.3,
            prediction=Prediction(
                positive=0.01, negative=0.97, absent=0.02, interval=(-1.0, -0.98), because="little is left to add"
            ),
        ),
        Estimand(
            name="gain_when_wide",
            claim="training changes how alike the first layers of two networks of width 512 are by less than 0.02",
            kind=Kind.LEVEL,
            measure="first_gain",
            between=({"width": 512},),
            smallest=0.02,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.02, negative=0.02, absent=0.96, interval=(0.0, 0.003), because="the kernel hardly turns"
            ),
            expects=Direction.ABSENT,
        ),
        Estimand(
            name="narrow_gain",
            claim="training makes the first layers of two networks of width 32 more alike than they began",
            kind=Kind.LEVEL,
            measure="first_gain",
            between=({"width": 32},),
            smallest=0.05,
            bounds=(-1.0, 1.0),
            prediction=Prediction(
                positive=0.98, negative=0.01, absent=0.01, interval=(0.2, 0.26), because="both find the five centres"
            ),
            expects=Direction.MORE,
        ),
    ),
    controls=(
        Control(
            estimand="alignment_with_width",
            placebo=grid(Config, width=[8, 32, 128], epochs=[2], control=["placebo"]),
            planted=grid(Config, width=[8, 32, 128], epochs=[1], lr=[1e-4]),  # the kernel's concentration alone
        ),
    ),
    figure=Figure(x="width", y="first_alignment", log=("x",), title="How alike two networks are"),
    setting="pairs of networks from different starts",
    headlines=(
        Headline(
            says="Two larger networks' first layers resemble each other more, but training adds less resemblance",
            when={"alignment_with_width": Direction.MORE, "gain_with_width": Direction.LESS},
        ),
        Headline(
            says="The larger two separately trained networks, the more similar their first layers",
            when={"alignment_with_width": Direction.MORE},
        ),
        Headline(
            says="The larger two separately trained networks, the less similar their first layers",
            when={"alignment_with_width": Direction.LESS},
        ),
        Headline(
            says="With network size, first layers' similarity typically rises or falls weakly, if at all",
            when={"alignment_with_width": Direction.ABSENT},
        ),
        Headline(
            says="The larger two networks, the less training adds to their first layers' similarity",
            when={"gain_with_width": Direction.LESS},
        ),
        Headline(
            says="Training makes the first layers of two narrow networks more similar than before",
            when={"narrow_gain": Direction.MORE},
        ),
    ),
    words={
        "first_alignment": "the likeness (CKA) of the two first layers after training",
        "first_gain": "the likeness (CKA) of the two first layers that training adds",
        "lr": "learning rate",
        "width": "{value} neurons per layer",
    },
    needs=Needs(seconds=lambda config: 0.004 + config.epochs * (2.2e-4 + 7e-8 * config.width**2), memory_mb=600),
)
