"""Alerts as work: their list, who has each, and who is told of which kind."""
