"""The front page: what is asked now, what was found, and how the laboratory does."""

from operator import attrgetter

from axiom.domain.findings import Verdict
from axiom.store.engine import counters
from axiom.store.experiments import experiments
from axiom.store.views import findings, hosts
from axiom.store.views.findings import Brief
from axiom.web.base.request import Answer, Reading
from axiom.web.views import experiments as experiment_views
from axiom.web.views import failures as failure_views
from axiom.web.views import findings as finding_views
from axiom.web.views import news as news_views
from axiom.web.views import sessions as session_views
from axiom.web.views.graph import Graph

_FINDINGS = 6
_QUESTIONS = 6
_NEWS = 3


def home(reading: Reading) -> Answer:
    """Everything that the front page shows."""
    briefs = findings.in_brief(reading.db)
    weighed = sorted((brief for brief in briefs if brief.weighed_at), key=attrgetter("weighed_at"), reverse=True)
    awaited = [brief for brief in briefs if not brief.weighed_at]
    asked, latest = _asked_now(awaited, weighed), next(iter(weighed), None)
    wanted = [one.number for one in (asked, *weighed[:_FINDINGS], *awaited[:_FINDINGS]) if one]
    row = finding_views.in_lists(reading, Graph(reading), wanted)
    counted = counters.by_state(counters.read(reading.db))
    concluded = {brief.experiment for brief in briefs}  # an experiment without a finding asks nothing
    shown = [experiment_views.shown(each, counted) for each in experiments.everything(reading.db)]
    questions = [each for each in shown if each["status"] == "open" and each["name"] in concluded]
    return {
        "home": {
            "name": reading.name,
            "now": reading.now.isoformat(),
            "asked_now": _with_picture(reading, row[asked.number]) if asked else None,
            "questions": sorted(questions, key=_is_idle)[:_QUESTIONS],
            "all_questions": len(questions),
            "latest": _with_picture(reading, row[latest.number]) if latest and latest is not asked else None,
            "findings": [row[one.number] for one in weighed[:_FINDINGS]],
            "awaited": [row[one.number] for one in awaited[:_FINDINGS]],
            "all_findings": len(briefs),
            "counters": live(reading)["live"],
            "watches": failure_views.met(reading),
            "said": news_views.standing(reading),
            "news": session_views.news(reading, _NEWS)["news"],
        }
    }


def live(reading: Reading) -> Answer:
    """The counters that move while one watches."""
    counted = counters.read(reading.db)

    def together(noun: str, *states: str) -> int:
        return sum(
            amount for (what, _, state), amount in counted.items() if what == noun and (not states or state in states)
        )

    fleet = hosts.extent(reading.db)
    return {
        "live": {
            "results": together("result"),
            "out": together("task", "sent"),
            "waiting": together("task", "unsent"),
            "not_valid": together("task", "invalid", "failed", "expired"),
            "hosts": fleet.hosts,
            "cores": fleet.cores,
            "new_hosts": fleet.new,
            "computing": len(reading.live().get("computing", ())),
        }
    }


def _asked_now(awaited: list[Brief], weighed: list[Brief]) -> Brief | None:
    """An open question with a picture before one without; a settled one when nothing is open."""
    undecided = [one for one in weighed if one.verdict is Verdict.UNDECIDED and one.status == "open"]
    return next(iter([*undecided, *reversed(awaited), *weighed]), None)


def _is_idle(question: Answer) -> bool:
    """Is nothing of it computed or about to be?"""
    return not any(question["tasks"].get(state) for state in ("sent", "unsent"))


def _with_picture(reading: Reading, row: Answer) -> Answer:
    lines = findings.history(reading.db, row["number"])
    return row | {"figures": {"narrowing": finding_views.narrowing(reading, row["number"], lines, row)}}
