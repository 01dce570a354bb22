"""Which section of a log tells what: a table from the kinds of notes to titles, in the order in which they are read."""

from dataclasses import dataclass, field

from axiom.domain.sessions import Step


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A part of a log: its title, whose notes it holds, and what it says when there are none."""

    title: str
    kinds: tuple[str, ...]  # with which the kinds of its notes begin; the longest that fits wins
    steps: frozenset[Step] = field(default=frozenset())  # when these are done and it is empty, it says so
    none: str = "Nothing to tell."


def _section(title: str, kinds: str, *steps: Step, none: str = "Nothing to tell.") -> Section:
    return Section(title=title, kinds=tuple(kinds.split()), steps=frozenset(steps), none=none)


SECTIONS = (
    _section("Summary", "log.summary session.", Step.LOG),
    _section("Parts of the laboratory", "health.", Step.HEALTH),
    _section("Queue", "queue.", Step.QUEUE),
    _section("Reviewed before", "review.before", Step.REVIEW),
    _section("New results", "task. review. experiment.recalled", Step.REVIEW),
    _section("New results by host", "review.host", Step.REVIEW, none="No host returned anything."),
    _section("Inside the results", "inspect.", Step.INSPECT),
    _section("Ranked new results", "rank.", Step.RANK),
    _section("Failures", "failures.", Step.FAILURES),
    _section("Cleaning up", "clean. task.stuck host. hosts. sweep. withdraw. experiment. release.", Step.CLEAN),
    _section("Credit", "credit.", Step.CREDIT),
    _section("Repairs", "repair.", Step.REPAIR),
    _section("Deployment", "plan. deploy.", Step.DEPLOY),
    _section("New question", "design.nothing design.proposed design.lapsed design.left", Step.DESIGN),
    _section("Findings", "evaluate. evidence. finding. prediction.", Step.EVALUATE),
    _section("Findings by grade", "log.grades", Step.LOG),
    _section("Tried out", "try.", Step.TRY),
    _section("What the open findings need", "design.", Step.DESIGN),
    _section("Watched for", "watch.", Step.EVALUATE, none="Nobody watches for anything."),
    _section("Research direction", "direction.", Step.LOG),
    _section("Next", "log.", Step.LOG),
    _section("Hosts and their work", "deploy.class deploy.passed_over deploy.no_host", Step.DEPLOY),
    _section("Published", "publish.", Step.PUBLISH),
    _section("Besides", ""),
)


def title_of(step: Step, kind: str) -> str:
    """The section that tells a note; what a step wrote of a kind that is not known stands at the end."""
    if step is Step.CLEAN and kind.startswith("task."):  # a task that was given up on, not one that came back
        return "Cleaning up"
    fitting = [(len(prefix), one.title) for one in SECTIONS for prefix in one.kinds if kind.startswith(prefix)]
    return max(fitting)[1] if fitting else SECTIONS[-1].title
