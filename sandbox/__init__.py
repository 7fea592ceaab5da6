"""A stand-in for Coinzz over real HTTP; see README.md beside this file."""
