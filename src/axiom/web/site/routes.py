"""Numbers in addresses, as short as the numbers of records are."""

from starlette.convertors import Convertor, register_url_convertor

NUMBER = "{number:number}"  # in the path of a route


class Number(Convertor[int]):
    """A number that a record can have: Starlette's own has no end, and Python refuses to read a very long one."""

    regex = "[0-9]{1,19}"

    def convert(self, value: str) -> int:
        """The number in an address."""
        return int(value)

    def to_string(self, value: int) -> str:
        """The number as an address has it."""
        return str(value)


register_url_convertor("number", Number())
