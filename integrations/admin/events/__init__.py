"""Webhook events: their list, and the page and actions of one event.

`explanations.explain_event` describes the state of an event, `forms` ask for its owner.
"""
