"""The numbers of a simulated world: what a cell measures follows from the world, the seed and the config alone.

So two honest hosts always say the same. Only where a world says that hosts or platforms differ, who computes enters.
"""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from axiom.domain.estimands import Kind
from world.truths import Disturbance, NumberSpread, Truth

_HOST_SPREAD, _PLATFORM_SHIFT = 0.5, 0.6  # standard deviations
_LATE_FROM = 2.0  # standard deviations above the middle of an arm: some are stopped at their time limit
_JUMP, _JUMPS = 10.0, 0.1
_SLOWER = 0.5  # by e to this for each standard deviation
_RARE = math.sqrt(1.0 - _JUMPS + _JUMPS * _JUMP**2)
_LOGNORMAL = math.sqrt((math.e - 1.0) * math.e)


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    value: float | None  # None: stopped at its time limit
    early: float
    slower: float = 1.0  # how much longer than expected it takes


@dataclass(frozen=True, kw_only=True, slots=True)
class Computing:
    world: int
    host: int
    platform: str
    lie: str = ""  # of a host with numbers of its own
    bias: float = 0.0  # of a broken host, in an arm


def draw(truth: Truth, config: Mapping[str, Any], seed: int, by: Computing) -> Drawn:
    cell = f"{truth.asked.name}|{seed}|{config['arm']}|{config['size']}|{by.lie}"
    is_chaotic = truth.disturbance is Disturbance.CHAOS
    early = _uniforms(by.world, cell, 1)[0]
    row = _uniforms(by.world, f"{cell}|{by.platform}" if is_chaotic else cell, 6)
    if truth.asked.kind is Kind.PROPORTION:
        return _event(truth, config, row, early)
    standard = _standard(truth.law, row)
    away = truth.at(config) + _shift(truth, config, by)
    if truth.asked.kind is Kind.LEVEL:
        value = away + standard - _middle(truth.law)
    elif truth.disturbance is Disturbance.UNEVEN:  # one arm is always the same, the other has the same median
        value = away + (0.0 if config["arm"] == 1 else -math.log(row[0]) - math.log(2.0))
    else:
        value = away + standard / math.sqrt(2.0)  # so that the difference of two arms has a standard deviation of 1
    base = 10.0 * _uniforms(by.world, f"{truth.asked.name}|{seed}", 1)[0] if truth.asked.kind is Kind.CONTRAST else 0.0
    return _ended(truth, config, value + base, standard, early)


def _event(truth: Truth, config: Mapping[str, Any], row: Sequence[float], early: float) -> Drawn:
    happens = row[0] < truth.share(config)
    return _ended(truth, config, float(happens), 2.0 * row[1] - 1.0 + float(happens), early)


def _ended(truth: Truth, config: Mapping[str, Any], value: float, standard: float, early: float) -> Drawn:
    """How long it takes may depend on what comes out, and then so does whether anything comes out."""
    kind = truth.disturbance
    is_slow = kind is Disturbance.LATE or (kind is Disturbance.LATE_ARM and config["arm"] == 2)
    if is_slow and standard > _LATE_FROM:
        return Drawn(value=None, early=early, slower=5.0)
    slower = math.exp(_SLOWER * max(-2.0, min(2.0, standard))) if kind is Disturbance.SLOW else 1.0
    return Drawn(value=value, early=early, slower=slower)


def _shift(truth: Truth, config: Mapping[str, Any], by: Computing) -> float:
    if config["arm"] == 1:
        return 0.0
    if truth.disturbance is Disturbance.HOSTS:
        return by.bias + _HOST_SPREAD * _normals(_uniforms(by.world, f"{truth.asked.name}|host {by.host}", 2))[0]
    if truth.disturbance is Disturbance.PLATFORM and by.platform == "windows":
        return by.bias + _PLATFORM_SHIFT
    return by.bias


def _standard(law: NumberSpread, row: Sequence[float]) -> float:
    """A number of this law with mean 0 and standard deviation 1."""
    first, second = _normals(row[:2])
    match law:
        case NumberSpread.HEAVY:
            third, fourth = _normals(row[2:4])
            return first / math.sqrt((second**2 + third**2 + fourth**2) / 3.0) / math.sqrt(3.0)
        case NumberSpread.SKEWED:
            return -math.log(row[0]) - 1.0
        case NumberSpread.LOGNORMAL:
            return (math.exp(first) - math.sqrt(math.e)) / _LOGNORMAL
        case NumberSpread.RARE:
            return first * (_JUMP if row[2] < _JUMPS else 1.0) / _RARE
        case _:
            return first


def _middle(law: NumberSpread) -> float:
    return {
        NumberSpread.SKEWED: math.log(2.0) - 1.0,
        NumberSpread.LOGNORMAL: (1.0 - math.sqrt(math.e)) / _LOGNORMAL,
    }.get(law, 0.0)


def _normals(pair: Sequence[float]) -> tuple[float, float]:
    length, angle = math.sqrt(-2.0 * math.log(pair[0])), 2.0 * math.pi * pair[1]
    return length * math.cos(angle), length * math.sin(angle)


def _uniforms(world: int, cell: str, amount: int) -> list[float]:
    """So many numbers between 0 and 1, never either of them."""
    body = hashlib.blake2b(f"axiom-world-1|{world}|{cell}".encode(), digest_size=8 * amount).digest()
    return [((int.from_bytes(body[at : at + 8], "big") >> 11) + 0.5) / 2**53 for at in range(0, len(body), 8)]
