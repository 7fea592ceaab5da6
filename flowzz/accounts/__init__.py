"""People who log in: users by e-mail, logins and keys of the API, staff's second factor and log.

Entry points: the models, `sessions`, `passwords`, `second_factor`; settings name `tokens` and the
modules with `authentication`.
"""
