from axiom.domain.registrations import RegisteredClaim, read_body
from axiom.store.engine.database import Database

# What was recalled is void, so it may be asked again.
_CLAIMS = """
SELECT f.id, f.registration_id, f.estimand, x.name, x.version FROM finding f JOIN experiment x ON x.id = f.experiment_id
WHERE x.recalled_at IS NULL ORDER BY f.id
"""
_BODIES = "SELECT id, body FROM registration"  # by themselves: each is long, and many findings have the same


def claims(db: Database) -> list[RegisteredClaim]:
    bodies = {row["id"]: read_body(row["body"]) for row in db.select(_BODIES)}
    registered_claims = []
    for row in db.select(_CLAIMS):
        registered = bodies[row["registration_id"]]
        registered_claims.append(
            RegisteredClaim(
                number=row["id"],
                experiment=row["name"],
                version=row["version"],
                estimand=registered.estimands[row["estimand"]],
                configs=registered.design.configs,
                author=registered.document.get("proposal", {}).get("author", ""),
            )
        )
    return registered_claims
