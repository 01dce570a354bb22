"""The words: frozen dataclasses and enums, standard library only."""
