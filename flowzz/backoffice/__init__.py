"""The admin site's look, and what its pages have in common."""
