"""What happened, by the five logs: when sessions were held, what was ordered, withdrawn, mended and left waiting.

Where the logs say nothing of how a task was ordered that came back, the player orders it and counts it as unlogged.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

# Of these something is concluded; of all others nothing, since nobody knows what their claims were.
CONCLUDING = frozenset(
    {
        "activation_function_landscape",
        "compositional_generalization",
        "feature_competition_dynamics",
        "memorization_dynamics",
        "representation_alignment",
    }
)
HOLDERS = ("H240-1", "H192-1", "H128-1", "H72-1", "H64-1")  # what is still in progress is on these
SILENT = ("H32-20", "H80-3")  # not heard from after they took what got stuck
STUCK_AT = datetime(2026, 3, 2, 0, 50, tzinfo=UTC)
SEEDED_FROM = datetime(2026, 3, 2, 13, 0, tzinfo=UTC)  # from here on scripts compute with the seed they are given

# Where the logs cannot all be right, and what is assumed here.
REMARKS = (
    "S1 says that about 267 results were there in all; it records 217 and 74, which are 291.",
    "S1 lists 1,569 of the workunits that it deployed; the others are taken from what came back before S2.",
    "S1 names 20 results of the computer with 20 cores, and counts 19: one of symmetry_breaking_dynamics is left out.",
    "S1 does not say what the batch job paid for 64 of its results: they are paid by the default tariff.",
    "S2 and S3 leave most results unnamed: they are of the experiments that the logs before them deployed, or name.",
    "S4 has 11,521 results in all, of which 11,756 are credited: all logs together show 2,121, and these are replayed.",
    "S4 has 9,726 workunits waiting, and in progress experiments that no log deployed: they are ordered before it.",
    "S1 to S3 deployed more than came back or waits in S4: the rest is taken back before S4.",
    "S4 sent one task of curriculum_learning_dynamics to each of 83 computers, and 72 came back from 9 volunteers, of "
    "whom one has most computers: some of them had several.",
    "S5 says that 92.2 % of cellular_automata version 2 failed, and has none of them among its results: 47 failures "
    "are added, which its tariff does not pay, to four results that S2 does not name.",
)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Tasks that came back before a session, and the tariff by which they and those sent ahead are paid."""

    data: str
    tariff: str = ""  # as the one before


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """A session and what led to it. Orders name experiments and workunits."""

    name: str
    at: datetime
    reason: str
    parts: tuple[Part, ...]
    kept: Mapping[str, int] = field(default_factory=dict)  # sent before it to computers that still compute them
    stuck: tuple[tuple[str, str], ...] = ()  # experiment and host, two tasks each
    ahead: tuple[tuple[str, str], ...] = ()  # experiment and host: sent before it, back before the next one
    retired_in_flight: tuple[str, ...] = ()  # withdrawn while what came back before this session was computed
    queue: Mapping[str, int] = field(default_factory=dict)  # what waited at this session; the rest: see `others`
    others: int | None = None  # so many workunits of all other experiments waited; None: as many as it was
    mended: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()  # withdrawn in this session
    only: tuple[str, ...] = ()  # with this everything else is withdrawn
    deployed: Mapping[str, int] = field(default_factory=dict)
    hosts: int = 0  # to which it was deployed


def _at(day: int, hour: int, minute: int) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


STORY = (
    Chapter(
        name="S0",
        at=_at(1, 9, 10),
        reason="the session before the first log, with the 217 results that the log calls recorded",
        parts=(Part(data="S0"),),
    ),
    Chapter(
        name="S1",
        at=_at(1, 14, 20),
        reason="the first log",
        parts=(Part(data="S1"), Part(data="S1-late", tariff="S1")),
        retired=("benford_law",),
        deployed={
            "grokking_dynamics@4": 78,
            "loss_landscape_curvature": 100,
            "depth_vs_width_tradeoff": 200,
            "information_bottleneck_deep": 100,
            "symmetry_breaking_dynamics": 100,
            "random_label_memorization": 100,
            "mode_connectivity@2": 200,
            "power_law_forgetting@2": 200,
            "eigenspectrum_dynamics": 251,
            "edge_of_chaos@2": 100,
            "gradient_noise_scale": 70,
            "learning_rate_phase_transitions": 70,
            # So far the log's own list, 1,569 in all; of the other 480 it does not say what they were.
            "activation_function_landscape": 200,
            "catapult_phase": 150,
            "sam_vs_sgd@2": 130,
        },
        hosts=78,
    ),
    Chapter(
        name="S2",
        at=_at(2, 3, 0),
        reason="the second log",
        parts=(Part(data="S2", tariff="S2"),),
        stuck=(("double_descent@2", "H32-20"), ("grokking_dynamics@4", "H80-3")),
        deployed={
            "rank_dynamics": 300,
            "sam_vs_sgd@2": 100,
            "catapult_phase": 100,
            "progressive_sharpening": 341,
            "feature_learning_phase": 200,
            "spectral_dynamics": 960,
        },
        hosts=45,
    ),
    Chapter(
        name="S3",
        at=_at(2, 5, 45),
        reason="the third log",
        parts=(Part(data="S3", tariff="S3"),),
        kept={"spectral_dynamics": 54},
        retired_in_flight=("sam_vs_sgd@2", "catapult_phase"),
        mended=("spectral_dynamics",),
        deployed={
            "spectral_dynamics": 996,
            "lazy_vs_feature_learning": 600,
            "neural_thermodynamics@2": 400,
            "spectral_dynamics_gpu": 4,
        },
        hosts=72,
    ),
    Chapter(
        name="S4",
        at=_at(2, 13, 0),
        reason="the fourth log",
        parts=(Part(data="S4", tariff="S4"),),
        kept={
            "memorization_dynamics@2": 29,
            "feature_competition_dynamics@2": 30,
            "representation_alignment@2": 27,
            "micro_scaling_laws@2": 30,
            "lazy_vs_feature_learning": 172,
            "cellular_automata@2": 120,
        },
        ahead=(("batch_size_critical_phenomena", "H128-1"), ("information_bottleneck", "H64-1")),
        queue={
            "memorization_dynamics@2": 3_022,
            "feature_competition_dynamics@2": 2_709,
            "representation_alignment@2": 2_215,
            "micro_scaling_laws@2": 1_780,
            "grokking_dynamics@4": 172,
            "double_descent@2": 110,
        },
        others=2_066,
        only=(
            "memorization_dynamics@2",
            "feature_competition_dynamics@2",
            "representation_alignment@2",
            "micro_scaling_laws@2",
            "cellular_automata@2",
        ),
        deployed={"curriculum_learning_dynamics": 83},
        hosts=83,
    ),
    Chapter(
        name="S5",
        at=_at(2, 17, 30),
        reason="the fifth log",
        parts=(Part(data="S5", tariff="S5"),),
        queue={"cellular_automata@2": 18},
        retired=("memorization_dynamics@2", "curriculum_learning_dynamics"),
        deployed={
            "regularized_compositionality": 1_200,
            "compositional_generalization": 900,
            "feature_rank_dynamics": 700,
            "neuron_specialization": 600,
            "pruning_compositionality": 400,
            "representation_alignment@2": 200,
            "feature_competition_dynamics@2": 150,
            "micro_scaling_laws@2": 100,
            "compositional_generalization_gpu": 8,
            "feature_rank_dynamics_gpu": 8,
            "neuron_specialization_gpu": 8,
            "feature_competition_dynamics_gpu@2": 7,
        },
        hosts=67,
    ),
)
