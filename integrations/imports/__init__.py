"""Imports of sales from uploaded files.

Entry points: `receive`, `confirm`, `execute` and the deletion of previews in `import_jobs`; the
template and the first sales of a preview in `guide`; for the web server, `upload_access`.
"""
