"""The API description (OpenAPI): envelopes, errors, headers and examples for all operations.

Entry points: the decorators `openapi.operation` and `openapi.listing`; Django's settings name the
hooks.
"""
