"""Whether a visitor takes a packed answer, by RFC 9110: a coding that is named with `q=0` is one that it refuses."""


def takes_gzip(accepted: str) -> bool:
    shares = dict(_read_coding(part) for part in accepted.lower().split(","))
    return shares.get("gzip", shares.get("*", 0.0)) > 0


def _read_coding(part: str) -> tuple[str, float]:
    coding, *parameters = (word.strip() for word in part.split(";"))
    named = dict(word.partition("=")[::2] for word in parameters)
    try:
        return coding, float(named.get("q", "1"))
    except ValueError:
        return coding, 0.0
