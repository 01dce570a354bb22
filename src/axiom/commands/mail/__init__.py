"""Commands of volunteers about mail."""
