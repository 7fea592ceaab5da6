"""Attacks on accounts: guessed passwords, stolen tokens, floods of one user."""
