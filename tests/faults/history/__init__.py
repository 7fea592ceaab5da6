"""Checks the histories of events, leases and runs in the programs' logs: `check` is the entry."""

from tests.faults.history.rules import check, read_lines

__all__ = ["check", "read_lines"]
