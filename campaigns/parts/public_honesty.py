"""What becomes of the strategies of public tests of honesty where cards are asked and not t-tests.

It runs in the environment of those tests, which has NumPy and SciPy; of Axiom it needs what `axiom-weigh` has.
"""

import argparse
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np
from scipy import stats  # type: ignore[import-untyped]

from axiom_weigh.statistics.e_bh import e_bh
from axiom_weigh.weighing.weigh import weigh

PROMISE = 0.05  # of claims that are called an effect though there is none
MEASURED = "relates two numbers that were measured; a claim here is about what an experiment sets"
NO_COUNTERPART = {"02_selective_iv": MEASURED, "07_transformation": MEASURED, "10_imputation": MEASURED}
LOOKS = "03_optional_stopping"  # at one claim: the promise of one card. The others choose among several
TESTS, CARDS = ("t-test, once", "t-test, hacked"), ("a card, chosen", "all cards told")
PILOTS = "26_selective_continuation"  # asks a hundred times in a trial, so a quarter of the trials must do
_NOTHING = 1e-300  # evidence as weak as this has a logarithm
_Numbers = np.ndarray[Any, np.dtype[np.float64]]


class Cards:
    """What is asked in the place of a t-test; remembers what each card said."""

    def __init__(self) -> None:
        self.log_es: list[float] = []

    def p(self, ours: Sequence[float], base: Sequence[float], *, estimand: str | None = "contrast") -> float:
        """What a strategy takes for a p-value: how rarely evidence is as strong by chance. Runs pair by their places.

        Without an estimand the differences are one column of which nobody says what it is.
        """
        amount = min(len(ours), len(base))
        ours, base = list(map(float, ours[:amount])), list(map(float, base[:amount]))
        seeds = {"seed": range(amount), "issue": range(amount)}
        if estimand is None:
            card = weigh({**seeds, "value": [our - other for our, other in zip(ours, base, strict=True)]})
        else:
            null = 0.0 if estimand == "level" else None
            card = weigh({**seeds, "ours": ours, "base": base}, of=("ours", "base"), estimand=estimand, null=null)
        self.log_es.append(math.log(max(card.evidence.e_value, _NOTHING)))
        return math.exp(min(0.0, -self.log_es[-1]))

    def regressed(self, outcome: _Numbers, on: _Numbers, beside: _Numbers | None = None) -> float:
        """Two groups are arms, and of covariates the outcome is freed before; a predictor on a scale says nothing."""
        low, high = np.min(on), np.max(on)
        if not np.isin(on, (low, high)).all():
            return 1.0
        if beside is not None:
            design = np.column_stack([np.ones(len(outcome)), beside])
            outcome = outcome - design @ np.linalg.lstsq(design, outcome, rcond=None)[0]
        return self.p(outcome[on == high], outcome[on == low])

    def instead_of(self, simulate: ModuleType | SimpleNamespace) -> Any:
        """Strategies that are run within this ask cards, whichever test of SciPy they name."""

        def cards_for(estimand: str | None) -> Callable[..., SimpleNamespace]:
            return lambda ours, base, **_: SimpleNamespace(pvalue=self.p(ours, base, estimand=estimand))

        tests = SimpleNamespace(
            ttest_ind=cards_for("contrast"),
            mannwhitneyu=cards_for("slope"),
            ks_2samp=cards_for(None),
            median_test=cards_for("level"),
            rankdata=stats.rankdata,
        )
        return patch.multiple(simulate, stats=tests, _ols_p=self.regressed)


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often there was an effect in so many trials, with Wilson's interval."""

    times: int
    trials: int

    @property
    def share(self) -> float:
        """Of all trials."""
        return self.times / self.trials

    def __str__(self) -> str:
        low, high = stats.binomtest(self.times, self.trials).proportion_ci(method="wilson")
        return f"{100 * self.share:5.1f} % [{100 * low:4.1f}, {100 * high:4.1f}]"


def scored(name: str, rate: Rate, most: float | None) -> str:
    """A row of the scorecard, which `--record` takes over into the site."""
    return f"scorecard: {name} {rate} of {rate.trials:,}{'' if most is None else f', at most {100 * most:g} %'}"


def play(name: str, simulate: ModuleType | SimpleNamespace, trials: int, seed: int) -> tuple[float, dict[str, Rate]]:
    """Have a strategy ask t-tests, then cards, where there is no effect: analyses in a trial, and how often it won."""
    strategy, dice = simulate.STRATEGIES[name], np.random.default_rng(seed)
    tested = [strategy(dice, alpha=PROMISE)[:2] for _ in range(trials)]
    dice, chosen, together, analyses = np.random.default_rng(seed), 0, 0, 0
    for _ in range(trials):
        cards = Cards()
        with cards.instead_of(simulate):
            chosen += strategy(dice, alpha=PROMISE)[1] < PROMISE
        together += bool(e_bh(cards.log_es, PROMISE))
        analyses += len(cards.log_es)
    once, hacked = (sum(p[place] < PROMISE for p in tested) for place in (0, 1))
    times = zip((*TESTS, *CARDS), (once, hacked, chosen, together), strict=True)
    return analyses / trials, {kind: Rate(times=int(amount), trials=trials) for kind, amount in times}


class Scientist:
    """Says of fifty hypotheses which predicts best what it was not fitted to; by t-tests, one card, or all of them."""

    def __init__(self, by: str, by_world: dict[bytes, tuple[list[float], list[float]]]) -> None:
        self._by = by
        self._by_world = by_world  # what was found in a world, for all who judge it

    def evaluate_trial(self, *, candidates: Sequence[Any], x: _Numbers, y: _Numbers, **_: Any) -> Mapping[str, Any]:
        """The test also hands over whether there is an effect, and the seed that tells it; neither is read."""
        ps, log_es = self._by_world.get(y.tobytes()) or self._by_world.setdefault(y.tobytes(), _judge(candidates, x, y))
        if self._by == "t-test":
            accepted, best = np.nanmin(ps) < PROMISE, int(np.nanargmin(ps))
        else:
            best = int(np.argmax(log_es))
            accepted = log_es[best] >= -math.log(PROMISE) if self._by == CARDS[0] else bool(e_bh(log_es, PROMISE))
        return {"accepted": bool(accepted), "winner": candidates[best].name}


def _judge(candidates: Sequence[Any], x: _Numbers, y: _Numbers) -> tuple[list[float], list[float]]:
    """Of each hypothesis a one-sided p, and the evidence that it predicts the second half better than the mean does."""
    half = len(y) // 2
    base = (y[half:] - y[:half].mean()) ** 2
    ps, log_es = [], []
    for candidate in candidates:
        features = np.column_stack([np.ones(len(y)), candidate.transform(x)])
        fitted = np.linalg.lstsq(features[:half], y[:half], rcond=None)[0]
        ours = (y[half:] - features[half:] @ fitted) ** 2
        cards = Cards()
        cards.p(base, ours)
        ps.append(float(stats.ttest_rel(base, ours, alternative="greater").pvalue))
        log_es.append(cards.log_es[0] if base.mean() > ours.mean() else 0.0)
    return ps, log_es


def strategies(trials: int, seed: int) -> list[str]:
    """Play all strategies of `phack`, and return those above the promise."""
    simulate = import_module("phack.simulate")
    print(f"phack {version('phack')}: {trials:,} trials a strategy ({trials // 4} of 26), all without an effect\n")
    print(f"{'strategy':<26}{'analyses':>9}" + "".join(f"{kind:>22}" for kind in (*TESTS, *CARDS)))
    missed, played = [], list[dict[str, Rate]]()
    for place, name in enumerate(simulate.STRATEGIES):
        if name in NO_COUNTERPART:
            continue
        analyses, rates = play(name, simulate, trials // 4 if name == PILOTS else trials, seed + place)
        print(f"{name:<26}{analyses:>9.1f}" + "".join(f"{rate!s:>22}" for rate in rates.values()), flush=True)
        missed += [f"phack {name}"] if rates[CARDS[name != LOOKS]].share > PROMISE else []
        played.append({"phack": rates[CARDS[name != LOOKS]], "phack-t-test": rates[TESTS[1]]})
    print("\nPromised: at most 5 % of a card at every look (03), and of all cards that are told together (the others).")
    for name, why in NO_COUNTERPART.items():
        print(f"no counterpart: {name}, since it {why}")
    for row, most in (("phack", PROMISE), ("phack-t-test", None)):
        print(scored(row, max((rates[row] for rates in played), key=lambda rate: rate.share), most))
    return missed


def worlds(amount: int) -> list[str]:
    """Ask all who judge worlds of `audit-closed-ai-scientist`, and return who is above the promise."""
    benchmarks = import_module("benchmarks")
    print(
        f"\naudit-closed-ai-scientist {version('audit-closed-ai-scientist')}: {amount:,} worlds without an effect and "
        "as many with one, 50 hypotheses in each\n"
    )
    print(f"{'judge':<16}{'accepts where none is':>24}{'accepts where one is':>24}{'of these replicated':>22}")
    by_world: dict[bytes, tuple[list[float], list[float]]] = {}
    missed = []
    for by in ("t-test", *CARDS):
        report: Any = benchmarks.Benchmark(benchmarks.ExternalEvaluationConfig(n_runs=amount)).evaluate(
            Scientist(by, by_world)
        )
        null, signal = report["null_world"]["false_discovery_rate"], report["signal_world"]
        rates = [Rate(times=round(share * amount), trials=amount) for share in (null, signal["acceptance_rate"])]
        replicated = f"{100 * signal['replication_probability']:.1f} %"
        print(f"{by:<16}{rates[0]!s:>24}{rates[1]!s:>24}{replicated:>22}", flush=True)
        if by != CARDS[0]:
            print(scored(*(("audit", rates[0], PROMISE) if by == CARDS[1] else ("audit-t-test", rates[0], None))))
        if any(report["interface_diagnostics"].values()):
            missed.append(f"{by} gave answers that the test could not read")
        if by == CARDS[1] and rates[0].share > PROMISE:
            missed.append("the null world")
    return missed


def main() -> int:
    """0 when no rate is above the promise."""
    parser = argparse.ArgumentParser()
    for name in ("trials", "worlds", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    wanted = parser.parse_args()
    missed = strategies(wanted.trials, wanted.seed) + worlds(wanted.worlds)
    print(f"\n{time.process_time():.0f} s of CPU")
    if missed:
        print(f"MISSED: {'; '.join(missed)}: above {100 * PROMISE:.0f} %")
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
