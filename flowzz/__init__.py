"""The composition root: the only package that knows all apps. See docs/architecture.md."""
