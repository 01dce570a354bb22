"""Experiments as their readers see them: versions, drafts before them, and who is given which."""
