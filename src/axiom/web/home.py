"""The front page: what is asked now, what was found, and how the laboratory does."""

from axiom.domain.findings import Verdict
from axiom.store import counters, experiments, finding_pages, fleet_pages
from axiom.web import experiments as experiment_views
from axiom.web import failures as failure_views
from axiom.web import findings as finding_views
from axiom.web import news as news_views
from axiom.web import sessions as session_views
from axiom.web.reading import Answer, Reading

_FINDINGS = 6
_QUESTIONS = 6
_NEWS = 3


def home(reading: Reading) -> Answer:
    """Everything that the front page shows."""
    rows = finding_views.listed(reading)["findings"]
    weighed = sorted((row for row in rows if row["evidence"]), key=_weighed_at, reverse=True)
    asked = _asked_now(rows, weighed)
    counted = counters.read(reading.db)
    concluded = {row["experiment"] for row in rows}  # an experiment without a finding asks nothing
    shown = [experiment_views.shown(each, counted) for each in experiments.everything(reading.db)]
    questions = [each for each in shown if each["status"] == "open" and each["name"] in concluded]
    return {
        "home": {
            "name": reading.name,
            "now": reading.now.isoformat(),
            "asked_now": _with_picture(reading, asked) if asked else None,
            "questions": sorted(questions, key=_is_idle)[:_QUESTIONS],
            "all_questions": len(questions),
            "latest": _with_picture(reading, weighed[0]) if weighed and weighed[0] is not asked else None,
            "findings": weighed[:_FINDINGS],
            "awaited": [row for row in rows if not row["evidence"]][:_FINDINGS],
            "all_findings": len(rows),
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

    fleet = fleet_pages.extent(reading.db)
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


def _asked_now(rows: list[Answer], weighed: list[Answer]) -> Answer | None:
    """An open question with a picture before one without; a settled one when nothing is open."""
    undecided = [row for row in weighed if row["verdict"] == Verdict.UNDECIDED and row["status"] == "open"]
    waiting = [row for row in reversed(rows) if not row["evidence"]]
    return next(iter([*undecided, *waiting, *weighed]), None)


def _is_idle(question: Answer) -> bool:
    """Is nothing of it computed or about to be?"""
    return not any(question["tasks"].get(state) for state in ("sent", "unsent"))


def _with_picture(reading: Reading, row: Answer) -> Answer:
    lines = finding_pages.history(reading.db, row["number"])
    return row | {"figures": {"narrowing": finding_views.narrowing(reading, row["number"], lines, row)}}


def _weighed_at(row: Answer) -> str:
    found: str = row["evidence"]["weighed_at"]
    return found
