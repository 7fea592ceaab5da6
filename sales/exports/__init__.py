"""Exports of sales and clients as CSV or Excel files.

Entry points: `export_files` (short lists, in the response) and `export_jobs` (in the background).
"""
