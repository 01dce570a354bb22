"""Which runner a computer gets, and why none."""

import itertools
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
AVX = "AVX"

CASES = [  # platforms, instructions, offered, what is given by kind of GPU, the reason
    ((LINUX,), "avx2", [PLAIN, QUICK], {"": "quick"}, ""),
    ((LINUX,), "none", [QUICK, PLAIN], {"": "plain"}, ""),
    ((LINUX,), "avx512", [QUICK, CARD, OTHER], {"": "quick", "NVIDIA": "card"}, ""),
    ((LINUX,), "avx", [BOTH], {"": "both", "NVIDIA": "both"}, ""),
    ((LINUX,), "none", [QUICK, CARD], {}, AVX),
    ((LINUX,), "neon", [QUICK], {"": "quick"}, ""),  # the platform says that it is no x86
    (("windows_arm64", WINDOWS), "avx2", [OTHER, PLAIN], {"": "other"}, ""),
    ((WINDOWS, LINUX), "avx2", [PLAIN, OTHER], {"": "other"}, ""),
    ((WINDOWS,), "avx2", [PLAIN], {}, "windows_x86_64"),
    ((), "none", [PLAIN], {}, "this kind"),
]


@pytest.mark.parametrize(("platforms", "instructions", "offered", "given", "reason"), CASES)
def test_a_computer_gets_what_suits_it_or_a_reason(platforms, instructions, offered, given, reason):
    suited = suit(platforms, instructions, None, offered)
    assert {gpu: runner.name for gpu, runner in suited.runners.items()} == given
    assert (reason in suited.reason, bool(reason)) == (True, bool(suited.reason))


NEW = Program("new", LINUX, glibc=(2, 35))
OLD_SYSTEM = "2.35 or newer, and the system of your computer has 2.9"


@pytest.mark.parametrize(
    ("glibc", "offered", "given", "reason"),
    [
        ((2, 35), [NEW], {"": "new"}, ""),
        ((2, 9), [NEW], {}, OLD_SYSTEM),
        ((2, 9), [NEW, PLAIN], {"": "plain"}, ""),
        (None, [NEW], {"": "new"}, ""),  # another library, or a client that does not say
    ],
)
def test_an_older_system_gets_a_runner_that_starts_there_or_a_reason(glibc, offered, given, reason):
    suited = suit((LINUX,), "avx2", glibc, offered)
    assert {gpu: runner.name for gpu, runner in suited.runners.items()} == given
    assert (reason in suited.reason, bool(reason)) == (True, bool(suited.reason))


def test_the_drill_and_simulated_computers_belong_together():
    for experiment, is_simulated in itertools.product((DRILL, "grokking_dynamics"), (True, False)):
        is_suited = not unsuited(experiment, is_simulated=is_simulated)
        assert is_suited is ((experiment == DRILL) is is_simulated)
