"""People who log in: users by e-mail, API tokens, staff's second factor, staff's audit log.

Entry points: the models, `sessions`, `second_factor`; Django's settings name `tokens`.
"""
