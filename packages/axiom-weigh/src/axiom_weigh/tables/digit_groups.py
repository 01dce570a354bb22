"""Is a sign in a number decimal, or does it group digits? 1.117 and 1,140 may be either where all numbers look so."""

import re

from axiom_weigh.errors import TableUnreadable
from axiom_weigh.tables.read_sheet import Sheet

_MAY_BE_GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", re.ASCII)


class DigitGroups:
    """What the numbers of a table show of it, noted as they are read: the first of each kind, and in which row."""

    def __init__(self, sheet: Sheet) -> None:
        self.is_decided = False  # a number is written as no group of digits is: the sign is decimal in all
        self._sheet = sheet
        self._grouped: tuple[str, int] | None = None
        self._whole: tuple[str, int] | None = None

    def note(self, text: str, row: int) -> None:
        """Look at one number as it is written."""
        if _MAY_BE_GROUPED.fullmatch(text):
            self._grouped = self._grouped or (text, row)
        elif text.lstrip("+-").isdigit():
            self._whole = self._whole or (text, row)
        else:
            self.is_decided = True

    def demand_one_reading(self) -> str:
        """How the sign was read, where it may be either. TableUnreadable, if whole numbers stand beside.

        Where all numbers are written alike, both readings differ by a factor of a thousand alone, and by no sign.
        """
        if self.is_decided or self._grouped is None:
            return ""
        text, row = self._grouped
        sign, mark = ("comma", ",") if "," in text else ("point", ".")
        grouped = text.replace(mark, "")
        if self._whole is None:
            return f"the {sign} in {text} and all others is taken to be decimal; if it groups digits, write {grouped}"
        (whole, beside), place = self._whole, self._sheet.place
        raise TableUnreadable(
            f"{self._sheet.name}, {place} {row}: {text} may be {text.replace(mark, '.')} or {grouped}. Every number "
            f"with a {sign} has three digits behind it, and whole numbers stand beside them, such as {whole} in "
            f"{place} {beside}. Nothing was weighed; if the {sign} is decimal, write {whole}{mark}0 for {whole}; if it "
            f"groups digits, leave it out of every number, as in {grouped}."
        )
