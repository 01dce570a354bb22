"""How many there are of something, in words."""


def tell_amount(amount: float, noun: str) -> str:
    """An amount with its noun, in the singular where it is one."""
    return f"{amount:,} {noun}{'' if amount == 1 else 's'}"


def tell_seeds(seeds: int | None) -> str:
    """So many seeds as were forecast, of which None is more than anybody counts."""
    return "more than a million" if seeds is None else f"{seeds:,}"


def tell_needed(half: int | None, most: int | None) -> str:
    """How many replicates are likely to be needed besides; nothing where none are, or nobody can say."""
    if not half and not most:
        return ""
    more = f"about {tell_seeds(half)} more replicates"
    return more if half == most else f"{more} in one case of two, {tell_seeds(most)} in nine of ten"
