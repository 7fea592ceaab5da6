"""The first page of the back-office: the current state and the charts of a period.

`views.dashboard` fills Django's index page.
"""
