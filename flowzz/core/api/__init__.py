"""The API's conventions: envelope, errors, pagination, ETags, rate limits, idempotency, schema.

Entry points: each module; Django's settings name the handlers, the parser and the hooks.
"""
