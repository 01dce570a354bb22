"""The front page: what is asked now, what was found, and how the laboratory does."""

from collections import Counter
from collections.abc import Mapping
from operator import attrgetter, itemgetter

from axiom.domain.evidence import VOID
from axiom.domain.work import count_failures
from axiom.limits import front_page as limits
from axiom.limits import news as news_limits
from axiom.reads import news as news_views
from axiom.reads.base.fleet_extent import fleet_extent
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading
from axiom.reads.failures import watches
from axiom.reads.figures import shared_card_address
from axiom.reads.finding_lists import read_finding_rows
from axiom.reads.link_graph import Graph
from axiom.reads.maps import recent_tiles
from axiom.reads.old_claims import count_old_claims
from axiom.reads.questions import list_questions
from axiom.reads.rounds import sessions as session_views
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.views import findings


@page_at("/", "home.html")
def home_page(reading: Reading) -> Answer:
    """Everything that the front page shows."""
    briefs = findings.list_finding_briefs(reading.db)
    decided = [brief for brief in briefs if brief.weighed_at and brief.verdict.is_decided and brief.status not in VOID]
    decided.sort(key=attrgetter("weighed_at"), reverse=True)
    recent = reading.memo.get_or_create(
        "decided of late",
        lambda: findings.list_first_decisions(reading.db, reading.now - news_limits.STANDS_FOR),
        version=(findings.find_newest_evidence_id(reading.db), reading.now.date()),
    )
    standing = {brief.number for brief in decided}
    week = [number for number in recent if number in standing][: limits.FINDINGS]
    shown = week or [brief.number for brief in decided[: limits.FINDINGS]]
    row = read_finding_rows(reading, Graph(reading), shown)
    every = experiments.list_experiment_versions(reading.db)
    questions = list_questions(reading, every, briefs)
    answered = [question for question in questions if question["headline"]]
    computed = [question for question in questions if question["tasks"]]
    by_theme: dict[str, Answer] = {}
    for question in sorted(answered, key=itemgetter("is_size_open", "picture_rank")):
        by_theme.setdefault(question["theme"] or question["name"], question)
    first = list(by_theme.values())[: limits.ANSWERS]
    counted = counters.read_counters(reading.db)
    return {
        "home": {
            "name": reading.name,
            "now": reading.now.isoformat(),
            "answers": first,
            "all_answers": len(answered),
            "own_answers": sum(not question["recorded"] for question in answered),
            "card": shared_card_address(reading, f"experiment/{first[0]['experiment']}", first[0]["title"])
            if first
            else None,
            "questions": [question for question in questions if not question["headline"]][: limits.QUESTIONS],
            "all_questions": len(questions),
            "findings": [row[number] for number in shown],
            "is_of_this_week": bool(week),
            "all_findings": len(briefs),
            "decided_findings": len(decided),
            "earlier": count_old_claims({version.name for version in every}),
            "tile": recent_tiles.choose_tile_to_show(reading, every),
            "counters": _live(reading, counted),
            "computed": [question["name"] for question in computed],
            "most_computed": max(computed, key=itemgetter("tasks"), default=None),
            "watches": watches.list_met_watches(reading),
            "said": news_views.list_current_news(reading),
            "news": session_views.describe_newest_sessions(reading, limits.SESSION_NEWS)["news"],
        }
    }


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
        "not_valid": count_failures(tasks),
        "hosts": fleet.hosts,
        "cores": fleet.cores,
        "new_hosts": fleet.new,
        "computing": len(reading.live().get("computing", ())),
        "parts": reading.live().get("parts", {}),
        "autopilot": reading.live().get("autopilot"),
    }
