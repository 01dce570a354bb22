"""The front page: what is asked now, what was found, and how the laboratory does."""

from collections import Counter
from collections.abc import Mapping
from operator import attrgetter

from axiom.boinc.terms import TERMS
from axiom.domain.evidence import Meaning
from axiom.laboratory.findings.rules.front_page import AnsweredFinding, choose_front_page
from axiom.limits import findings as finding_limits
from axiom.limits import news as news_limits
from axiom.reads import experiments as experiment_views
from axiom.reads import failures
from axiom.reads import findings as finding_views
from axiom.reads import news as news_views
from axiom.reads.base.fleet_extent import fleet_extent
from axiom.reads.base.glossary import WORDS
from axiom.reads.base.page import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.figures import shared_card_address
from axiom.reads.graph import Graph, count_earlier_claims
from axiom.reads.maps import recent_tiles
from axiom.reads.rounds import sessions as session_views
from axiom.signed.manifests import stored_manifest
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.views import findings
from axiom.store.views.findings import FindingBrief, FindingView
from axiom_weigh.values import Grade

_GRADES = list(Grade)


@page_at("/", "home.html")
def home_page(reading: Reading) -> Answer:
    """Everything that the front page shows."""
    briefs = findings.list_finding_briefs(reading.db)
    weighed = sorted((brief for brief in briefs if brief.weighed_at), key=attrgetter("weighed_at"), reverse=True)
    awaited = [brief for brief in briefs if not brief.weighed_at]
    likely = _likely(weighed)
    listed = [
        brief.number for brief in (*weighed[: finding_limits.HOME_FINDINGS], *awaited[: finding_limits.HOME_FINDINGS])
    ]
    views = findings.read_finding_views(reading.db, {*likely, *listed})  # once, since each brings its registration
    telling = choose_front_page((_as_answer(views[number]) for number in likely), finding_limits.HOME_TELLING)
    row = finding_views.make_finding_rows(reading, Graph(reading), (views[number] for number in {*telling, *listed}))
    counted = counters.read_counters(reading.db)
    by_state = counters.group_counters_by_state(counted)
    concluded = {brief.experiment for brief in briefs}  # an experiment without a finding asks nothing
    every = experiments.list_experiment_versions(reading.db)
    questions = [version for version in every if version.status == "open" and version.name in concluded]
    busiest = sorted(questions, key=lambda version: _is_idle(by_state["task", version.id]))[
        : finding_limits.HOME_QUESTIONS
    ]
    return {
        "home": {
            "name": reading.name,
            "now": reading.now.isoformat(),
            "told": [_highlight(reading, row[number], views[number].finding.experiment_id) for number in telling],
            "card": shared_card_address(reading, telling[0]) if telling else None,
            "questions": [experiment_views.describe_experiment(version, by_state) for version in busiest],
            "all_questions": len(questions),
            "findings": [row[brief.number] for brief in weighed[: finding_limits.HOME_FINDINGS]],
            "awaited": [row[brief.number] for brief in awaited[: finding_limits.HOME_FINDINGS]],
            "all_findings": len(briefs),
            "earlier": count_earlier_claims(),
            "tile": recent_tiles.find_newest_tile(reading, every),
            "counters": _live(reading, counted),
            "watches": failures.list_met_watches(reading),
            "said": news_views.list_current_news(reading),
            "news": session_views.describe_newest_sessions(reading, news_limits.HOME_NEWS)["news"],
        }
    }


@page_at("/about", "about.html")
def about_page(reading: Reading) -> Answer:
    """How a question becomes a finding."""
    return {"about": {"name": reading.name}}


@page_at("/glossary", "glossary.html")
def glossary_page(_reading: Reading) -> Answer:
    """What the words mean."""
    return {"glossary": [{"word": word, "means": means} for word, means in WORDS.items()]}


@page_at("/help", "help.html", is_translated=True)
def help_page(reading: Reading) -> Answer:
    """What volunteers, readers and operators ask most, with where to look."""
    return {"help": {"name": reading.name, "address": reading.master}}


@page_at("/terms", "terms.html", is_translated=True)
def terms_page(reading: Reading) -> Answer:
    """What a volunteer agrees to."""
    return {"terms": {"name": reading.name, "paragraphs": list(TERMS)}}


@page_at("/live", "live.html")
def live_page(reading: Reading) -> Answer:
    """The counters that move while one watches."""
    return {"live": _live(reading, counters.read_counters(reading.db))}


def _live(reading: Reading, counted: Mapping[counters.Key, int]) -> Answer:
    tasks: Counter[str] = Counter()
    for (noun, _, state), amount in counted.items():
        if noun == "task":
            tasks[state] += amount
    fleet = fleet_extent(reading.db, reading.memo, reading.now)
    return {
        "results": counters.sum_counters(counted, "result"),
        "out": tasks["sent"],
        "waiting": tasks["unsent"],
        "not_valid": tasks["invalid"] + tasks["failed"] + tasks["expired"],
        "hosts": fleet.hosts,
        "cores": fleet.cores,
        "new_hosts": fleet.new,
        "computing": len(reading.live().get("computing", ())),
        "parts": reading.live().get("parts", {}),
        "autopilot": reading.live().get("autopilot"),
    }


def _likely(weighed: list[FindingBrief]) -> list[int]:
    """The findings among which those are that a newcomer should see."""
    decided = [brief for brief in weighed if brief.verdict.is_decided and brief.status == "open"]
    return [
        brief.number
        for brief in sorted(decided, key=lambda brief: -_GRADES.index(brief.grade))[: finding_limits.HOME_TELLING_AMONG]
    ]


def _as_answer(view: FindingView) -> AnsweredFinding:
    evidence, estimand = view.line.evidence if view.line else None, view.estimand
    estimate = evidence.estimate if evidence else None
    return AnsweredFinding(
        number=view.finding.number,
        experiment=view.experiment,
        grade=evidence.grade if evidence else Grade.AWAITING,
        is_against=view.reads is Meaning.OPPOSITE,
        has_words=bool(estimand.get("words")),
        size=0.0 if estimate is None else (estimate - estimand["null"]) / estimand["smallest"],
    )


def _is_idle(tasks: Mapping[str, int]) -> bool:
    """Is none of them computed or about to be?"""
    return not (tasks.get("sent") or tasks.get("unsent"))


def _highlight(reading: Reading, row: Answer, experiment_id: int) -> Answer:
    """A finding with its picture and what its experiment asked."""
    stored = experiments.find_experiment(reading.db, experiment_id)
    return row | {
        "figures": {"narrowing": finding_views.narrowing_plot(reading, row["number"], row)},
        "question": stored_manifest(stored.manifest).question if stored else "",
    }
