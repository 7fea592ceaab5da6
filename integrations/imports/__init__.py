"""Imports of sales from uploaded files.

Entry points, all in `import_jobs`: `receive`, `confirm`, `execute`, and the deletion of previews.
"""
