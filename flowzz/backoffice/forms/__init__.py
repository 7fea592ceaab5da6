"""Forms of the back-office that several people may have open at the same time.

Entry points: `shown_values.ShownValuesForm`, and `shown_values.RowForm` for the page of a row.
"""
