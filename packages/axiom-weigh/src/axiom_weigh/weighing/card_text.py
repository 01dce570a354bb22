"""What a card says, in parts. A card shows all of them, and a table of many claims shows all of them of each card."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from axiom_weigh.facts_html import facts_html


@dataclass(frozen=True, kw_only=True)
class CardText:
    """A title, the answer and what stands beside it by their names, and texts by their headings."""

    title: str
    answer: Mapping[str, str]
    facts: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        width = max(map(len, self.facts), default=0)
        parts = [
            [self.title],
            [f"{name}: {text}" for name, text in self.answer.items()],
            [f"{name.ljust(width)}  {fact}" for name, fact in self.facts.items()],
            *([heading, *(f"  {text}" for text in texts)] for heading, texts in self.lists.items()),
        ]
        return "\n\n".join("\n".join(lines) for lines in parts if lines)

    def html(self) -> str:
        """The same for a notebook."""
        lists = "".join(
            f"<p><b>{html.escape(heading)}</b></p><ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>"
            for heading, texts in self.lists.items()
        )
        return facts_html(self.title, {**self.answer, **self.facts}) + lists

    def _where(self, is_wanted: Callable[[tuple[str, str]], bool]) -> "CardText":
        """The facts and texts that are wanted, each by its name or heading."""
        return replace(
            self,
            facts=dict(filter(is_wanted, self.facts.items())),
            lists={
                heading: wanted
                for heading, texts in self.lists.items()
                if (wanted := tuple(text for text in texts if is_wanted((heading, text))))
            },
        )

    def _items(self) -> frozenset[tuple[str, str]]:
        texts = ((heading, text) for heading, texts in self.lists.items() for text in texts)
        return frozenset([*self.facts.items(), *texts])


def say_common_once(cards: Sequence[CardText]) -> tuple[CardText, ...]:
    """The same, of which what all of them say beside their answers stands once, before them."""
    common = frozenset.intersection(*(card._items() for card in cards))
    return (
        replace(cards[0], title="all claims", answer={})._where(common.__contains__),
        *(card._where(lambda item: item not in common) for card in cards),
    )
