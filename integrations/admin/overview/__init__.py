"""The first page: the state of the whole, and how it came to be."""
