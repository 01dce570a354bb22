"""Which runner a computer gets, and why none."""

from dataclasses import dataclass

import pytest

from axiom.decisions.hosts.runners import DRILL, suit, unsuited

LINUX, WINDOWS = "x86_64-pc-linux-gnu", "windows_x86_64"


@dataclass(frozen=True)
class Program:
    """A runner, as far as it is looked at here."""

    name: str
    platform: str
    gpus: tuple[str, ...] = ("",)
    needs_avx: bool = False
    glibc: tuple[int, int] | None = None


PLAIN = Program("plain", LINUX)
QUICK = Program("quick", LINUX, needs_avx=True)
CARD = Program("card", LINUX, ("NVIDIA",), needs_avx=True)
BOTH = Program("both", LINUX, ("", "NVIDIA"))
OTHER = Program("other", WINDOWS, needs_avx=True)
AVX = "its runner needs a processor with AVX, and the processor of your computer does not have it"

CASES = [  # platforms, instructions, offered, what is given by kind of GPU, the reason
    ((LINUX,), "avx2", [PLAIN], {"": "plain"}, ""),
    ((LINUX,), "avx2", [PLAIN, QUICK], {"": "quick"}, ""),
    ((LINUX,), "none", [QUICK, PLAIN], {"": "plain"}, ""),
    ((LINUX,), "avx512", [QUICK, CARD, OTHER], {"": "quick", "NVIDIA": "card"}, ""),
    ((LINUX,), "none", [PLAIN, CARD], {"": "plain"}, ""),
    ((LINUX,), "avx", [BOTH], {"": "both", "NVIDIA": "both"}, ""),
    ((LINUX,), "none", [QUICK, CARD], {}, AVX),
    ((LINUX,), "neon", [QUICK], {"": "quick"}, ""),  # the platform says that it is no x86
    (("windows_arm64", WINDOWS), "avx2", [OTHER, PLAIN], {"": "other"}, ""),
    ((WINDOWS, LINUX), "avx2", [PLAIN, OTHER], {"": "other"}, ""),
    ((WINDOWS,), "avx2", [PLAIN], {}, "there is no runner for windows_x86_64 yet"),
    ((LINUX,), "avx2", [], {}, "there is no runner for x86_64-pc-linux-gnu yet"),
    ((), "none", [PLAIN], {}, "there is no runner for this kind of computer yet"),
]


@pytest.mark.parametrize(("platforms", "instructions", "offered", "given", "reason"), CASES)
def test_a_computer_gets_what_suits_it_or_a_reason(platforms, instructions, offered, given, reason):
    suited = suit(platforms, instructions, None, offered)
    assert ({gpu: runner.name for gpu, runner in suited.runners.items()}, suited.reason) == (given, reason)


NEW = Program("new", LINUX, glibc=(2, 35))
OLD_SYSTEM = "its runner needs glibc 2.35 or newer, and the system of your computer has 2.9"


@pytest.mark.parametrize(
    ("glibc", "offered", "given", "reason"),
    [
        ((2, 35), [NEW], {"": "new"}, ""),
        ((2, 36), [NEW], {"": "new"}, ""),
        ((2, 9), [NEW], {}, OLD_SYSTEM),
        ((2, 9), [NEW, PLAIN], {"": "plain"}, ""),
        (None, [NEW], {"": "new"}, ""),  # another library, or a client that does not say
        ((2, 9), [PLAIN], {"": "plain"}, ""),
    ],
)
def test_an_older_system_gets_a_runner_that_starts_there_or_a_reason(glibc, offered, given, reason):
    suited = suit((LINUX,), "avx2", glibc, offered)
    assert ({gpu: runner.name for gpu, runner in suited.runners.items()}, suited.reason) == (given, reason)


@pytest.mark.parametrize(
    ("experiment", "is_simulated", "reason"),
    [
        (DRILL, True, ""),
        (DRILL, False, "the drill is for simulated computers alone"),
        ("grokking_dynamics", False, ""),
        (
            "grokking_dynamics",
            True,
            "a simulated computer computes nothing, so it gets work of the drill alone",
        ),
    ],
)
def test_the_drill_and_simulated_computers_belong_together(experiment, is_simulated, reason):
    assert unsuited(experiment, is_simulated=is_simulated) == reason
