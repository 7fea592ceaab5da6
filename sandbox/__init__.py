"""A stand-in for Coinzz over real HTTP, for the demo and the tests. README.md is its manual.

Entry points: `python -m sandbox`, and `server.Sandbox` in tests.
"""
