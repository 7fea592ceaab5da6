"""Inputs of the shapes that integrations met with real accounts, and what is right for each.

`test_cases.py` tries them all; `make real-data` also counts them in docs/real-data.md. Add a case
to the module of its kind.
"""
