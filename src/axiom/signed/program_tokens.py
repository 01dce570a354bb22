"""Tokens of programs and keys of clusters: a secret that is shown once, and the digest of it that is kept."""

import hashlib
import secrets

PREFIX = "axiom_"  # so that whoever looks for secrets in files finds one

CLUSTER_PREFIX = "axiom_cluster_"


def new_token() -> str:
    return f"{PREFIX}{secrets.token_urlsafe(32)}"


def new_cluster_key() -> str:
    return f"{CLUSTER_PREFIX}{secrets.token_urlsafe(32)}"


def digest_token(token: str) -> str:
    """What is kept of a token. It is random throughout, so a plain hash hides it."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
