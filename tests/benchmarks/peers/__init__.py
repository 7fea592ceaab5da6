"""Other ways to do the same work, measured beside the product in one run."""
