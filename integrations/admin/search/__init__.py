"""One field that finds what staff look for, whatever they know of it."""
