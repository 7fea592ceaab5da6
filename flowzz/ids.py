"""Ids of rows."""

import uuid

import uuid_utils.compat


def uuid7() -> uuid.UUID:
    """A UUID version 7: unique, and in the order of its making, which keeps indexes compact."""
    return uuid_utils.compat.uuid7()
