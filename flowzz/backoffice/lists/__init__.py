"""What is above each list of the admin: the active filters as chips, and saved views.

`form_filter` turns an entry of `list_filter` into fields of the one form that applies all.
"""
