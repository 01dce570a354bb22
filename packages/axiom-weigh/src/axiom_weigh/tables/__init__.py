"""From a file or a table to seeds with one value each, every cell checked."""
