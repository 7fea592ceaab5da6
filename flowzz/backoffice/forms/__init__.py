"""Forms of the back-office that several people may have open at the same time.

Entry point: `shown_values.ShownValuesForm`.
"""
