"""Audit, jobs, watches, cleanings, and what must hold after every fault."""
