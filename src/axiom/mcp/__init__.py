"""Tools for language models: what a program may see and do here, over the Model Context Protocol."""
