"""`axiom_weigh.weigh_all(table, …)`: many claims together, of which few that stand are false, however many were asked.

A card promises that a claim which is false gets a verdict once in twenty. Who asks a hundred false ones has five
verdicts, and all of them are false. So each has to be the surer, the more are asked: as in a laboratory (e-BH).
"""

import html
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from axiom_weigh.amounts import tell_amount
from axiom_weigh.errors import WrongUse
from axiom_weigh.evidence.false_discoveries import SHARES, false_shares, weighed_claim
from axiom_weigh.evidence.rounding import e_told
from axiom_weigh.values import Verdict
from axiom_weigh.weighing.card_text import CardText, say_common_once
from axiom_weigh.weighing.result_card import WeighedTable
from axiom_weigh.weighing.weigh import weigh

SHARE = max(SHARES)  # of what stands among all, that may be false on average
_HEADING = ("claim", "value", "interval", "seeds", "evidence", "alone", "among all")
_NOT_AMONG_ALL = "not sure enough"


@dataclass(frozen=True, kw_only=True)
class ManyClaims:
    """Each claim by itself, and which of them stand among all. `print` it, or let a notebook show it."""

    cards: tuple[WeighedTable, ...]
    false_shares: tuple[float | None, ...]  # the smallest share of false ones at which each stands among all

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What may be said of each among all: its verdict, or that it is undecided."""
        return tuple(
            Verdict.UNDECIDED if share is None else card.verdict
            for card, share in zip(self.cards, self.false_shares, strict=True)
        )

    @property
    def upheld(self) -> tuple[WeighedTable, ...]:
        """Those that stand among all."""
        return tuple(card for card, share in zip(self.cards, self.false_shares, strict=True) if share is not None)

    @property
    def not_weighed(self) -> tuple[WeighedTable, ...]:
        """Those of which nothing could be concluded."""
        return tuple(card for card in self.cards if not card.is_weighed)

    def data(self) -> dict[str, Any]:
        """All cards as JSON's own types, each with the share of false ones at which it stands among all."""
        among = zip(self.cards, self.verdicts, self.false_shares, strict=True)
        return {
            "asked": len(self.cards),
            "with_verdict_alone": len(self._decided()),
            "standing_among_all": len(self.upheld),
            "not_weighed": len(self.not_weighed),
            "share": SHARE,
            "claims": [
                {**card.data(), "asked_alone": False, "verdict_among_all": verdict.value, "false_share": share}
                for card, verdict, share in among
            ],
        }

    def latex(self) -> str:
        """A row of a LaTeX table for each claim, with what may be said of it among all."""
        rows = zip(self.cards, self.verdicts, strict=True)
        return "\n".join(card.latex(verdict) for card, verdict in rows)

    def __repr__(self) -> str:
        rows = [_HEADING, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
        return "\n\n".join([self._summary(), "\n".join(lines), "\n".join(self._meaning()), *map(str, self._texts())])

    def _repr_html_(self) -> str:
        def row(cells: Sequence[str], name: str) -> str:
            return f"<tr>{''.join(f'<{name}>{html.escape(cell)}</{name}>' for cell in cells)}</tr>"

        rows = "".join(row(cells, "td") for cells in self._rows())
        meaning = "".join(f"<p>{html.escape(text)}</p>" for text in self._meaning())
        texts = "".join(text.html() for text in self._texts())
        return f"<p><b>{html.escape(self._summary())}</b></p><table>{row(_HEADING, 'th')}{rows}</table>{meaning}{texts}"

    def _texts(self) -> tuple[CardText, ...]:
        return say_common_once([card.text for card in self.cards])

    def _decided(self) -> list[WeighedTable]:
        return [card for card in self.cards if card.verdict not in (Verdict.UNDECIDED, Verdict.MIXED)]

    def _summary(self) -> str:
        alone, upheld = len(self._decided()), len(self.upheld)
        has, stands = "has" if alone == 1 else "have", "stands" if upheld == 1 else "stand"
        whole = f"{tell_amount(len(self.cards), 'claim')}: {alone} {has} a verdict alone, {upheld} {stands} among all"
        return whole + (f", {len(self.not_weighed)} not weighed" if self.not_weighed else "")

    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (*card.row, str(card.verdict), _NOT_AMONG_ALL if verdict is not card.verdict else str(verdict))
            if card.is_weighed
            else (*card.row, "", card.not_weighed)
            for card, verdict in zip(self.cards, self.verdicts, strict=True)
        ]

    def _meaning(self) -> list[str]:
        n, single = len(self.cards), e_told(len(self.cards) / SHARE)
        return [
            f"among all: of what stands at most {100 * SHARE:g} % is false on average, however the claims hang",
            f"together, at any look (e-BH over all {n}, undecided ones too; to stand by itself takes {single} to 1)",
            "alone: what each card says, as if its claim were the only one that you asked",
        ]


def weigh_all(
    *tables: Any,
    value: str | Sequence[str] | None = None,
    of: Sequence[Any] | None = None,
    **words: Any,
) -> ManyClaims:
    """Weigh every claim of one table or several, and say which stand among all of them.

    Each table, each column of `value` and each arm of `of` after the first, with which the first is compared, is a
    claim. A table may be a card that was weighed before. The other words are those of `axiom_weigh.weigh`.
    """
    arms = None if of is None else tuple(of)
    if not tables or (arms is not None and (isinstance(of, str) or len(arms) < 2)):
        raise WrongUse(
            "Nothing names the claims. Nothing was weighed; write axiom_weigh.weigh_all('runs.csv', by='method', "
            "of=('ours', 'base1', 'base2'))."
        )
    cards = [card for table in tables for card in _cards(table, _several(value), arms, words)]
    shares = false_shares([weighed_claim(n, card.evidence) for n, card in enumerate(cards)])
    return ManyClaims(cards=tuple(cards), false_shares=tuple(shares[n] for n in range(len(cards))))


def _cards(
    table: Any, values: Sequence[str | None], arms: tuple[Any, ...] | None, words: dict[str, Any]
) -> Iterator[WeighedTable]:
    if isinstance(table, WeighedTable):
        yield table
        return
    pairs = [None] if arms is None else [(arms[0], other) for other in arms[1:]]
    for value in values:
        for pair in pairs:
            card = weigh(table, value=value, of=pair, **words)
            yield card if len(values) == 1 else replace(card, name=f"{card.name}, {value}")


def _several(value: str | Sequence[str] | None) -> Sequence[str | None]:
    return [value] if value is None or isinstance(value, str) else list(value) or [None]
