"""What the five logs say came out: never part of the story, only compared with what our sessions find."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Golden:
    """The totals of one log, in whole credits; of volunteers and hosts the amounts, the largest first."""

    credit: int
    awards: int
    tiers: Mapping[str, tuple[int, int]] = field(default_factory=dict)  # tier to awards and credit
    volunteers: tuple[int, ...] = ()
    hosts: tuple[int, ...] = ()
    cap: int | None = None
    deployed: int
    deployed_to: int


GOLDEN: Mapping[str, Golden] = {
    "S1": Golden(
        credit=130,
        awards=10,
        tiers={"0 to 100 s": (1, 10), "100 to 600 s": (2, 30), "600 s and more": (2, 40), "fixed": (5, 50)},
        volunteers=(80, 50),
        deployed=2_049,
        deployed_to=78,
    ),
    "S2": Golden(
        credit=4_696,
        awards=1_065,
        tiers={
            "0 to 100 s": (473, 946),
            "100 to 1000 s": (473, 2_365),
            "1000 to 10000 s": (80, 800),
            "10000 s and more": (39, 585),
        },
        volunteers=(2_104, 1_666, 220, 100, 98, 92, 74, 59, 54, 45, 44, 35, 30, 30, 28, 10, 5, 2),
        deployed=2_001,
        deployed_to=45,
    ),
    "S3": Golden(
        credit=2_076,
        awards=621,
        volunteers=(2_056, 20),
        hosts=(231, 224, 223, 218, 196, 134),
        deployed=2_000,
        deployed_to=72,
    ),
    "S4": Golden(
        credit=5_720,
        awards=144,
        tiers={
            "0 to 30 s": (41, 615),
            "30 to 120 s": (33, 825),
            "120 to 300 s": (29, 1_160),
            "300 to 600 s": (14, 840),
            "600 to 1200 s": (21, 1_680),
            "1200 s and more": (6, 600),
        },
        volunteers=(4_960, 660, 100),
        hosts=(2_015, 1_280, 1_190, 660, 475, 100),
        cap=10_000,
        deployed=83,
        deployed_to=83,
    ),
    "S5": Golden(
        credit=5_011,
        awards=485,
        volunteers=(3_216, 882, 550, 118, 96, 55, 54, 36, 4),
        cap=50_000,
        deployed=4_281,
        deployed_to=67,
    ),
}
