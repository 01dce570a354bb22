"""Pages that always say the same: about, the glossary, help and terms."""

from axiom.boinc.terms import TERMS
from axiom.reads.base.glossary import WORDS
from axiom.reads.base.page_addresses import page_at
from axiom.reads.base.request import Answer, Reading


@page_at("/about", "about.html")
def about_page(reading: Reading) -> Answer:
    """How a question becomes a finding."""
    return {"about": {"name": reading.name}}


@page_at("/glossary", "glossary.html")
def glossary_page(_reading: Reading) -> Answer:
    """What the words mean."""
    return {"glossary": [{"word": word, "means": means} for word, means in WORDS.items()]}


@page_at("/help", "help.html", is_translated=True)
def help_page(reading: Reading) -> Answer:
    """What volunteers, readers and operators ask most, with where to look."""
    return {"help": {"name": reading.name, "address": reading.master}}


@page_at("/terms", "terms.html", is_translated=True)
def terms_page(reading: Reading) -> Answer:
    """What a volunteer agrees to."""
    return {"terms": {"name": reading.name, "paragraphs": list(TERMS)}}
