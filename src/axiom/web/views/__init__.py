"""The answer behind each page and its JSON, a file a noun."""
