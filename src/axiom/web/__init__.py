"""The site: reads through read-only connections, changes through commands."""
