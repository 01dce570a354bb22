"""The remote API: commands and pages for programs that come with a token."""
