"""How many there are of something, in words."""


def counted(amount: float, noun: str) -> str:
    """An amount with its noun, in the singular where it is one."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"
