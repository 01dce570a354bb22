"""`axiom <noun> <verb>`: thin commands that read through the store and change through commands."""
