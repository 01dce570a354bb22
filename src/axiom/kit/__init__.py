"""What an experiment may import: pure functions under the names that the literature gives them."""
