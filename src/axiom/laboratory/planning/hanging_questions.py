"""How many open questions hang on each finding, by what links say."""

from axiom.laboratory.findings.rules import links as link_rules
from axiom.store.engine.database import Database
from axiom.store.findings import links, old_claims


def read_hanging_questions(db: Database) -> dict[int, int]:
    """How many open questions hang on each finding, by its number; without those on which none does."""
    all_links = links.list_links(db)
    claims = [claim.id for claim in old_claims.list_old_claims(db)]
    return link_rules.count_hanging_questions(
        all_links, link_rules.open_nodes(all_links, links.list_finding_states(db), claims)
    )
