"""Which of the offered runners does this computer get, for its processors and its GPUs? And which work may it have?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from axiom.domain.fleet import NO_AVX
from axiom.domain.runners import TICKETS, OfferedRunner
from axiom.locale.languages import mark

DRILL = "fleet_drill"  # the experiment that simulated computers answer, and nobody else


@dataclass(frozen=True, kw_only=True, slots=True)
class SuitableRunners:
    """The runner by the kind of GPU that it computes on, and in one sentence why there is none at all."""

    runners: Mapping[str, OfferedRunner]
    reason: str
    gpu_reason: str = ""  # why there is none for its GPU, where there is one for other drivers


def why_host_unsuited(experiment: str, *, is_simulated: bool) -> str:
    """Why a computer gets nothing of this experiment, whatever it can do; empty where it may.

    What a simulated computer returns was never computed. So it gets the drill alone, from which nothing is concluded,
    and the drill costs nobody real anything.
    """
    if is_simulated and experiment != DRILL:
        return "a simulated computer computes nothing, so it gets work of the drill alone"
    if experiment == DRILL and not is_simulated:
        return "the drill is for simulated computers alone"
    return ""


def choose_suitable_runners(
    platforms: Sequence[str],
    instructions: str,
    glibc: tuple[int, int] | None,
    offered: Iterable[OfferedRunner],
    cuda: int = 0,
) -> SuitableRunners:
    """The runners for a computer of these platforms, its own word for itself first, with these instructions.

    `glibc` is its GNU C library, None where it does not say, and `cuda` the newest CUDA that its driver knows: 13000,
    say, or 0 where it does not say. Of two that suit, the one that makes use of AVX is better, and the newer CUDA.
    """
    named = [offer for offer in offered if offer.platform in platforms]
    fit = [offer for offer in named if not _obstacle(offer, instructions, glibc)]
    by_gpu: dict[str, OfferedRunner] = {}
    too_new: dict[str, int] = {}  # the generation of CUDA that a GPU's driver does not know
    for runner in sorted(fit, key=lambda offer: (platforms.index(offer.platform), not offer.needs_avx, -offer.cuda)):
        for gpu in runner.gpus:
            if gpu and cuda and runner.cuda > cuda // 1_000:
                too_new[gpu] = runner.cuda
            else:
                by_gpu.setdefault(gpu, runner)
    return SuitableRunners(
        runners=by_gpu,
        reason="" if fit else _reason(platforms, named, instructions, glibc),
        gpu_reason="; ".join(
            f"its runner for a GPU needs a driver that knows CUDA {needed}, and the one of your computer knows CUDA "
            f"{cuda // 1_000}.{cuda % 1_000 // 10}: install a newer driver"
            for gpu, needed in too_new.items()
            if gpu not in by_gpu
        ),
    )


def _obstacle(runner: OfferedRunner, instructions: str, glibc: tuple[int, int] | None) -> str:
    """Why a computer cannot run it, if it cannot."""
    if runner.tickets < TICKETS:
        return "its runner is older than this laboratory, whose operator has to sign the new one"
    if runner.needs_avx and instructions == NO_AVX:
        return mark("its runner needs a processor with AVX, and the processor of your computer does not have it")
    if runner.glibc and glibc and glibc < runner.glibc:
        needed, present = _dotted(runner.glibc), _dotted(glibc)
        return f"its runner needs glibc {needed} or newer, and the system of your computer has {present}"
    return ""


def _reason(
    platforms: Sequence[str], named: Sequence[OfferedRunner], instructions: str, glibc: tuple[int, int] | None
) -> str:
    if named:
        return _obstacle(named[0], instructions, glibc)
    return f"there is no runner for {platforms[0] if platforms else 'this kind of computer'} yet"


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
