"""What the laboratory shows: the same facts for pages, the terminal, programs and notebooks."""
