"""Is an experiment one of those that somebody looks for?"""

from collections.abc import Iterable, Mapping
from typing import Any


def matches_search(row: Mapping[str, Any], names: Iterable[str], filters: Mapping[str, str]) -> bool:
    """Decide by the words in its question and names (`names` are its old ones), its theme and how it stands.

    What is not asked for is met by every experiment.
    """
    texts = [row["question"], row["name"], row["name"].replace("_", " "), *row["aliases"], *names]
    return (
        filters.get("q", "").casefold() in "\n".join(texts).casefold()
        and filters.get("theme", "") in ("", row["theme"])
        and filters.get("status", "") in ("", row["status"])
    )
