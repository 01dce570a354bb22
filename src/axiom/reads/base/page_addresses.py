"""Pages: a function whose answer is shown says at which address, in which template, and which words it reads."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from axiom.reads.base.request import Answer

NUMBER = "{number:number}"  # in the path of a page

_Make = TypeVar("_Make", bound=Callable[..., Answer])


@dataclass(frozen=True, kw_only=True)
class SitePage:
    """An address, what makes its answer, and the template that shows it."""

    path: str
    make: Callable[..., Answer]
    template: str = ""
    words: frozenset[str] = frozenset()  # of a query, which it reads
    is_translated: bool = False  # does it come in several languages?
    is_framed: bool = False  # may pages of other sites show it inside of themselves?

    @property
    def json(self) -> str:
        """The address of the same answer for programs."""
        return f"{self.path if self.path != '/' else '/index'}.json"


SHOWN: list[SitePage] = []  # by the modules that were imported; the site imports all


def page_at(
    path: str, template: str, *, words: str = "", is_translated: bool = False, is_framed: bool = False
) -> Callable[[_Make], _Make]:
    def noted(make: _Make) -> _Make:
        SHOWN.append(
            SitePage(
                path=path,
                make=make,
                template=template,
                words=frozenset(words.split()),
                is_translated=is_translated,
                is_framed=is_framed,
            )
        )
        return make

    return noted
