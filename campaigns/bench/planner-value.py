"""What the planner saves: core-seconds until 10, 15 and 20 of 30 open questions are decided, beside equal shares.

Each world has 30 questions: two of five ask for an effect that is not there, the others for one of 0.1 to 1.5 standard
deviations on either side; the smallest that matters is 0.2, and a replicate costs 20 to 2,000 seconds. Values are drawn
once for each world and question, so every arm sees the same. All arms weigh with the laboratory's own statistics and
end by its own stopping rule, after 4,096 replicates at the latest. Arms:
equal      every question that is open gets a block in turn, until it has its verdict
value      `plan()` as shipped: what it orders is computed and weighed before it is asked again

Ends with 0 only if the geometric mean over all worlds of equal / value is at least 3 for 10, 15 and 20 of them, and
the planner has no more wrong verdicts among its first 20 than equal shares have.

    scripts/bench planner-value --worlds 5
"""

import argparse
import math
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from axiom.domain.registrations import StoppingRule
from axiom.domain.releases import Stage
from axiom.laboratory.planning.rules.candidates import Candidate, is_decided
from axiom.laboratory.planning.rules.plan import plan_orders
from axiom.laboratory.planning.rules.stopping import Aim, why_stopped
from axiom_weigh.evidence.weigh_claim import weigh_observations
from axiom_weigh.values import Evidence, Grade, Observation, Verdict

QUESTIONS, BLOCK, NULLS = 30, 16, 0.4
SMALLEST = 0.2  # of what matters, in standard deviations
MOST = 4_096  # replicates of one question, so that what is decided late is decided
COUNTS = (10, 15, 20)
WANTED = 3.0  # times equal shares
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
    evidence: Evidence | None = None

    @property
    def is_decided(self) -> bool:
        """Has it a verdict?"""
        return self.evidence is not None and is_decided(self.aim())

    @property
    def is_wrong(self) -> bool:
        """Does its verdict say what is not so?"""
        verdict = self.evidence.verdict if self.evidence else Verdict.UNDECIDED
        if verdict is Verdict.ABSENT:
            return abs(self.effect) >= self.smallest
        return (verdict is Verdict.POSITIVE and self.effect <= 0) or (verdict is Verdict.NEGATIVE and self.effect >= 0)

    def compute(self, replicates: int) -> float:
        """So many replicates more, which are weighed at once; what they cost."""
        first = len(self.observations)
        self.observations += [
            Observation(replicate=place, value=self.values[place]) for place in range(first, first + replicates)
        ]
        estimand = ESTIMAND | {"smallest": self.smallest}
        self.evidence = weigh_observations(estimand, self.observations, blocks=len(self.observations) // BLOCK)
        return replicates * self.seconds

    def aim(self) -> Aim:
        """As the laboratory hands it to the planner."""
        evidence = self.evidence
        return Aim(
            verdict=evidence.verdict if evidence else Verdict.UNDECIDED,
            grade=evidence.grade if evidence else Grade.AWAITING,
            estimate=evidence.estimate if evidence else None,
            low=evidence.low if evidence else None,
            high=evidence.high if evidence else None,
            smallest=self.smallest,
            seeds=evidence.seeds if evidence else 0,
            more=evidence.more if evidence else None,
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
            stopping=StoppingRule(replicates=self.most),
        )

    def has_ended(self) -> bool:
        """As the shipped stopping rule says."""
        candidate = self.candidate()
        return bool(why_stopped(candidate.stopping, candidate.aims, replicates=candidate.issued, block=BLOCK))


def world(seed: int, most: int) -> list[Question]:
    """Thirty questions."""
    chance = random.Random(seed)
    questions = []
    for number in range(1, QUESTIONS + 1):
        is_null = chance.random() < NULLS
        size = math.exp(chance.uniform(math.log(0.1), math.log(1.5))) * chance.choice([1, -1])
        effect = 0.0 if is_null else size
        questions.append(
            Question(
                number=number,
                effect=effect,
                smallest=SMALLEST,
                most=most,
                seconds=math.exp(chance.uniform(math.log(20.0), math.log(2_000.0))),
                values=[chance.gauss(effect, 1.0) for _ in range(most + BLOCK)],
            )
        )
    return questions


def equal(questions: Sequence[Question]) -> Iterator[float]:
    """A block of each open question in turn."""
    while open_ones := [question for question in questions if not question.is_decided and not question.has_ended()]:
        for question in open_ones:
            yield question.compute(BLOCK)


def planned(questions: Sequence[Question]) -> Iterator[float]:
    """What `plan()` orders, plan after plan."""
    by_number = {question.number: question for question in questions}
    while True:
        made = plan_orders([question.candidate() for question in questions], cores=1, per_core=1, task_seconds=20.0)
        if not made.allotments:
            return
        for allotment in made.allotments:
            yield by_number[allotment.experiment_id].compute(allotment.workunits * allotment.replicates_each)


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
        decided = sum(question.is_decided for question in questions)
        for count in COUNTS:
            if decided >= count:
                spent.setdefault(count, whole)
        if decided >= COUNTS[-1]:
            break
    return Course(spent=spent, wrong=sum(question.is_wrong for question in questions), decided=decided)


ARMS: dict[str, Callable[[Sequence[Question]], Iterator[float]]] = {"equal": equal, "value": planned}


def ratios(courses: Sequence[dict[str, Course]], count: int) -> list[float]:
    """Equal shares over the planner, in every world in which both got so far."""
    return [
        course["equal"].spent[count] / course["value"].spent[count]
        for course in courses
        if count in course["equal"].spent and count in course["value"].spent
    ]


def main() -> int:
    """Play, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", type=int, default=20)
    parser.add_argument("--most", type=int, default=MOST, help="replicates of one question; 256 where nothing is said")
    options = parser.parse_args()
    courses = [
        {arm: course(world(seed, options.most), act) for arm, act in ARMS.items()} for seed in range(options.worlds)
    ]
    missed = []
    print(f"{options.worlds} worlds; core-seconds, geometric means over the worlds in which an arm got so far")
    for count in COUNTS:
        line = f"{count} of {QUESTIONS}:"
        for arm in ARMS:
            spent = [by_arm[arm].spent[count] for by_arm in courses if count in by_arm[arm].spent]
            line += f"  {arm} {_mean(spent):9.3g} ({len(spent)} worlds)"
        times = ratios(courses, count)
        line += f"  equal/value {_mean(times):.2f} ({min(times, default=0):.2f} to {max(times, default=0):.2f})"
        missed += [f"equal/value at {count}"] if _mean(times) < WANTED else []
        print(line)
    wrong = {arm: sum(by_arm[arm].wrong for by_arm in courses) for arm in ARMS}
    print("wrong verdicts: " + ", ".join(f"{arm} {amount}" for arm, amount in wrong.items()))
    missed += ["errors of value"] if wrong["value"] > wrong["equal"] else []
    verdict = f"MISSED: {', '.join(missed)}" if missed else "Met"
    print(f"{verdict}: ≥ {WANTED:g}, no more errors")
    return 1 if missed else 0


def _mean(numbers: Sequence[float]) -> float:
    """Geometric; 0 of none."""
    return math.exp(math.fsum(map(math.log, numbers)) / len(numbers)) if numbers else 0.0


if __name__ == "__main__":
    sys.exit(main())
