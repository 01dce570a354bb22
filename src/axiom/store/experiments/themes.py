"""What the experiments that Axiom brings along are about, in a few words that many share."""

import tomllib
from collections.abc import Mapping
from functools import cache

from axiom import shipped

LIST = "themes.toml"


@cache
def read_themes() -> Mapping[str, str]:
    file = shipped.catalogue_folder() / LIST
    themes = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {name: theme for theme, entry in themes.items() for name in entry["experiments"]}
