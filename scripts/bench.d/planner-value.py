"""What the planner saves: core-seconds until 10, 15 and 20 of 30 open questions are decided, beside equal shares.

Each world has 30 questions: two of five ask for an effect that is not there, the others for one of 0.1 to 1.5 standard
deviations on either side; the smallest that matters is 0.2, and a replicate costs 20 to 2,000 seconds. Values are drawn
once for each world and question, so every arm sees the same. All arms weigh with the laboratory's own statistics and
end by its own stopping rule, after 4,096 replicates at the latest. Arms:
equal      every question that is open gets a block in turn, until it has its verdict
value      `plan()` as shipped, its quotas off: what it orders is computed and weighed before it is asked again
quotas     the same with its quotas on, over all that it has ordered, and besides with a further design of 32 replicates
           of each question that is decided: these cost, and decide none of the 30

Ends with 0 only if the geometric mean over all worlds of equal / value is at least 3 and of equal / quotas at least 2,
for 10, 15 and 20 of them, and neither arm has more wrong verdicts among its first 20 than equal shares have.

    .venv/bin/python scripts/bench.d/planner-value.py --worlds 5
"""

import argparse
import json
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from axiom.decisions.evidence.weigh import weigh
from axiom.decisions.experiments.release_stages import Stage
from axiom.decisions.planning.candidates import Candidate, is_decided
from axiom.decisions.planning.plan import plan
from axiom.decisions.planning.stopping import Aim, ended
from axiom.domain.findings import Evidence, Grade, Observation, Verdict
from axiom.domain.planning import Quotas
from axiom.domain.registrations import Rule, Stopping
from axiom.domain.sessions import Allotment

QUESTIONS, BLOCK, NULLS = 30, 16, 0.4
SMALLEST = 0.2  # of what matters, in standard deviations
DESIGN = 1_000  # added to the number of a question whose further design it is
MOST = 4_096  # replicates of one question, so that what is decided late is decided
COUNTS = (10, 15, 20)
WANTED = {"value": 3.0, "quotas": 2.0}
ESTIMAND: dict[str, Any] = {"name": "effect", "kind": "contrast", "null": 0.0, "bounds": None, "expects": "+"}


@dataclass(kw_only=True)
class Question:
    """What is so, and what has been seen of it."""

    number: int
    effect: float
    smallest: float
    most: int
    seconds: float
    values: Sequence[float]
    observations: list[Observation] = field(default_factory=list)
    known: Evidence | None = None

    @property
    def is_decided(self) -> bool:
        """Has it a verdict?"""
        return self.known is not None and is_decided(self.aim())

    @property
    def is_wrong(self) -> bool:
        """Does its verdict say what is not so?"""
        verdict = self.known.verdict if self.known else Verdict.UNDECIDED
        if verdict is Verdict.ABSENT:
            return abs(self.effect) >= self.smallest
        return (verdict is Verdict.POSITIVE and self.effect <= 0) or (verdict is Verdict.NEGATIVE and self.effect >= 0)

    def compute(self, replicates: int) -> float:
        """So many replicates more, which are weighed at once; what they cost."""
        first = len(self.observations)
        self.observations += [
            Observation(replicate=place, value=self.values[place]) for place in range(first, first + replicates)
        ]
        asked = ESTIMAND | {"smallest": self.smallest}
        self.known = weigh(asked, self.observations, blocks=len(self.observations) // BLOCK)
        return replicates * self.seconds

    def aim(self) -> Aim:
        """As the laboratory hands it to the planner."""
        known = self.known
        return Aim(
            verdict=known.verdict if known else Verdict.UNDECIDED,
            grade=known.grade if known else Grade.AWAITING,
            estimate=known.estimate if known else None,
            low=known.low if known else None,
            high=known.high if known else None,
            smallest=self.smallest,
            seeds=known.seeds if known else 0,
            log_e=math.log(known.e_value) if known else 0.0,
            more=known.more if known else None,
        )

    def candidate(self) -> Candidate:
        """As the planner sees it."""
        seen = len(self.observations)
        return Candidate(
            experiment_id=self.number,
            registration_id=self.number,
            name=f"question_{self.number}",
            stage=Stage.OPEN,
            stage_reason="its pilot has passed",
            replicate_seconds=self.seconds,
            issued=seen,
            weighed=seen,
            unsent=0,
            in_progress=0,
            aims=(self.aim(),),
            block=BLOCK,
            stopping=Stopping(replicates=self.most),
        )

    def design(self, issued: int) -> Candidate:
        """Another design of it, of which so much was computed."""
        fixed = Stopping(rule=Rule.FIXED, replicates=32)
        return replace(
            self.candidate(),
            experiment_id=DESIGN + self.number,
            registration_id=0,
            name=f"design_{self.number}",
            issued=issued,
            weighed=issued,
            stopping=fixed,
            is_further=True,
        )

    def has_ended(self) -> bool:
        """As the shipped stopping rule says."""
        one = self.candidate()
        return bool(ended(one.stopping, one.aims, replicates=one.issued, block=BLOCK))


def world(seed: int, most: int) -> list[Question]:
    """Thirty questions."""
    chance = random.Random(seed)
    found = []
    for number in range(1, QUESTIONS + 1):
        is_null = chance.random() < NULLS
        size = math.exp(chance.uniform(math.log(0.1), math.log(1.5))) * chance.choice([1, -1])
        effect = 0.0 if is_null else size
        found.append(
            Question(
                number=number,
                effect=effect,
                smallest=SMALLEST,
                most=most,
                seconds=math.exp(chance.uniform(math.log(20.0), math.log(2_000.0))),
                values=[chance.gauss(effect, 1.0) for _ in range(most + BLOCK)],
            )
        )
    return found


def equal(questions: Sequence[Question]) -> Iterator[float]:
    """A block of each open question in turn."""
    while open_ones := [one for one in questions if not one.is_decided and not one.has_ended()]:
        for one in open_ones:
            yield one.compute(BLOCK)


def planned(questions: Sequence[Question], quotas: Quotas) -> Iterator[float]:
    """What `plan()` orders, plan after plan."""
    by_number = {one.number: one for one in questions}
    further: dict[int, int] = {}  # replicates of the further design of a question
    given: list[Allotment] = []
    while True:
        asked = [one.candidate() for one in questions]
        if quotas.are_on:
            asked += [one.design(further.setdefault(one.number, 0)) for one in questions if one.is_decided]
        made = plan(asked, cores=1, per_core=1, task_seconds=20.0, quotas=quotas, given=given)
        if not made.allotments:
            return
        for allotment in made.allotments:
            replicates = allotment.workunits * allotment.replicates_each
            if allotment.experiment_id in by_number:
                yield by_number[allotment.experiment_id].compute(replicates)
            else:
                further[allotment.experiment_id - DESIGN] += replicates
                yield allotment.core_seconds
        given += made.allotments


@dataclass(frozen=True, kw_only=True)
class Course:
    """What one arm spent until so many were decided, and how many of these verdicts were wrong."""

    spent: dict[int, float]
    wrong: int
    decided: int


def course(questions: list[Question], act: Callable[[Sequence[Question]], Iterator[float]]) -> Course:
    """Follow one arm until as many as are asked for are decided, or it ends."""
    spent: dict[int, float] = {}
    whole, decided = 0.0, 0
    for cost in act(questions):
        whole += cost
        decided = sum(one.is_decided for one in questions)
        for count in COUNTS:
            if decided >= count:
                spent.setdefault(count, whole)
        if decided >= COUNTS[-1]:
            break
    return Course(spent=spent, wrong=sum(one.is_wrong for one in questions), decided=decided)


ARMS: dict[str, Callable[[Sequence[Question]], Iterator[float]]] = {
    "equal": equal,
    "value": lambda questions: planned(questions, replace(Quotas(), are_on=False)),
    "quotas": lambda questions: planned(questions, Quotas()),
}


def ratios(courses: Sequence[dict[str, Course]], arm: str, count: int) -> list[float]:
    """Equal shares over one arm, in every world in which both got so far."""
    return [
        one["equal"].spent[count] / one[arm].spent[count]
        for one in courses
        if count in one["equal"].spent and count in one[arm].spent
    ]


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--most", type=int, default=MOST, help="replicates of one question; 256 where nothing is said")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    courses = [
        {arm: course(world(seed, options.most), act) for arm, act in ARMS.items()} for seed in range(options.worlds)
    ]
    missed = []
    print(f"{options.worlds} worlds; core-seconds, geometric means over the worlds in which an arm got so far")
    for count in COUNTS:
        line = f"{count} of {QUESTIONS}:"
        for arm in ARMS:
            spent = [one[arm].spent[count] for one in courses if count in one[arm].spent]
            line += f"  {arm} {_mean(spent):9.3g} ({len(spent)} worlds)"
        for arm, wanted in WANTED.items():
            found = ratios(courses, arm, count)
            line += f"  equal/{arm} {_mean(found):.2f} ({min(found, default=0):.2f} to {max(found, default=0):.2f})"
            missed += [f"equal/{arm} at {count}"] if _mean(found) < wanted else []
        print(line)
    wrong = {arm: sum(one[arm].wrong for one in courses) for arm in ARMS}
    print("wrong verdicts: " + ", ".join(f"{arm} {amount}" for arm, amount in wrong.items()))
    missed += [f"errors of {arm}" for arm in WANTED if wrong[arm] > wrong["equal"]]
    told = f"MISSED: {', '.join(missed)}" if missed else "Met"
    print(f"{told}: ≥ 3 with quotas off, ≥ 2 with quotas on, no more errors")
    if options.json is not None:
        spent_by_arm = [{arm: one[arm].spent for arm in ARMS} for one in courses]
        options.json.write_text(json.dumps(spent_by_arm, indent=2) + "\n", encoding="utf-8")
    return 1 if missed else 0


def _mean(numbers: Sequence[float]) -> float:
    """Geometric; 0 of none."""
    return math.exp(math.fsum(map(math.log, numbers)) / len(numbers)) if numbers else 0.0


if __name__ == "__main__":
    sys.exit(main())
