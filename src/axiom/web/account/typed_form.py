"""What a browser sent of a form: what was typed, and what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from axiom.errors import AxiomError
from axiom.gate.command import Command
from axiom.gate.words import form_of, is_required_word
from axiom.reads.base.request import parse_number

_MOST_FIELDS = 60
_SECRET_FIELDS = frozenset({"password", "new_password", "code", "token"})
_FIELDS = {"called": "name"}  # words of commands that fields of other names say


@dataclass(kw_only=True)
class Form:
    """What somebody has typed, and what is wrong with it, by the name of the field."""

    typed: Mapping[str, str] = field(default_factory=dict)
    wrong: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        return self.typed.get(name, "")

    def ticked(self, name: str) -> bool:
        """Is a box ticked? A browser says nothing of one that is not."""
        return name in self.typed

    def check(self, name: str, read: Callable[[str], Any]) -> Any:
        """What a field means; what is wrong with it is noted beside the field."""
        try:
            return read(self.text(name))
        except AxiomError as error:
            self.wrong[name] = str(error)
            return ""

    def words_of(self, kind: type[Command], readers: Mapping[str, Callable[[str], Any]]) -> dict[str, Any]:
        """The words of a command as the fields of their names say them; `readers` tell what of a text is wrong.

        A field that a form does not have says nothing, where the command need not be told.
        """
        words: dict[str, Any] = {}
        for word, must in form_of(kind).items():
            name = _FIELDS.get(word, word)
            if must.type in (bool, bool | None):
                words[word] = self.ticked(name)
            elif word in readers:
                words[word] = self.check(name, readers[word])
            elif word != "volunteer" and (name in self.typed or is_required_word(must)):  # whose it is the sign-in says
                words[word] = (
                    parse_number(self.text(name)) or None if must.type in (int, int | None) else self.text(name)
                )
        return words

    def shown(self) -> dict[str, str]:
        """What is put into the fields again: everything but secrets."""
        return {name: text for name, text in self.typed.items() if name not in _SECRET_FIELDS}


def read_form(body: bytes) -> Form:
    """A form as a browser sends it; one that is not written as it should be is empty."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError:
        return Form()
    return Form(typed={name: text.replace("\r\n", "\n") for name, text in pairs if "\0" not in text})
