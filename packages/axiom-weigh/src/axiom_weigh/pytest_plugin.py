"""What pytest finds by itself: the fixture `assert_effect`, and at the end a line for each table that was weighed."""

from typing import Any

import pytest

_CARDS = pytest.StashKey[list[tuple[str, str]]]()


@pytest.fixture
def assert_effect(request: pytest.FixtureRequest) -> Any:
    """`axiom_weigh.assert_effect`, whose cards are told at the end of the run."""
    from axiom_weigh.weighing import assert_effect as asked
    from axiom_weigh.weighing.result_card import WeighedTable
    from axiom_weigh.weighing.weigh import weigh

    def check(table: Any, *, sign: str = "+", grade: str = "Moderate", **words: Any) -> WeighedTable:
        __tracebackhide__ = True
        card = table if isinstance(table, WeighedTable) else weigh(table, **words)
        summary = f"{card.verdict}, {card.grade}: {card.paper}"
        request.config.stash.setdefault(_CARDS, []).append((request.node.nodeid, summary))
        return asked.assert_effect(card, sign=sign, grade=grade)

    return check


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what was weighed."""
    if cards := config.stash.get(_CARDS, []):
        terminalreporter.section("weighed")
        for test, summary in cards:
            terminalreporter.line(f"{test}: {summary}")
