"""The laboratory's work, a room for each noun: pure rules, the steps that use them, and its commands."""
