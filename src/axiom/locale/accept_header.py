"""What a visitor takes, as headers of HTTP say it: names, each with a weight, of which 0 is a refusal."""


def read_weights(accepted: str) -> list[tuple[str, float]]:
    """The names in a list like `de-AT,de;q=0.9,en;q=0.8`, in small letters; what is no number weighs 0."""
    weights: list[tuple[str, float]] = []
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        try:
            share = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            share = 0.0
        weights.append((name.strip(), share))
    return weights
