"""Parts of `campaign reproduce`: what is computed next, what a laboratory says, and the page about it."""
