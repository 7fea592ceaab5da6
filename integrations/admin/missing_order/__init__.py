"""Why an order does not appear: one field, one answer, and the next step beside it.

`answers.explain` finds the answer; `views.missing_order` shows it.
"""
