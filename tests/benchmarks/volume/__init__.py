"""What large databases cost, and what many rows leave behind: `growth` and `bloat`."""
