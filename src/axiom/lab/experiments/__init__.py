"""Publish, try, seal, release, recall and withdraw versions."""
