"""The numbers that a person may tune, a file for each noun; README.md says which."""
