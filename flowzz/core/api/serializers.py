"""Serializers with snake_case fields in the code and camelCase fields in the API."""

import re
from typing import Any

from rest_framework import serializers


class CamelCaseSerializer(serializers.Serializer[Any]):
    """Renames the fields, not the keys inside JSON values. Must be the first base class."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name, field in fields.items():
            if isinstance(field, serializers.SerializerMethodField):
                field.method_name = field.method_name or f"get_{name}"
            elif field.source is None and camel_case(name) != name:
                field.source = name
        return {camel_case(name): field for name, field in fields.items()}


class UpperChoiceField(serializers.ChoiceField):
    """Codes in capitals, whatever their case in the database."""

    def __init__(self, choices: Any, **options: Any) -> None:
        super().__init__([(value.upper(), label) for value, label in choices], **options)

    def to_representation(self, value: str) -> str:
        return value.upper()


def camel_case(name: str) -> str:
    return re.sub(r"_(\w)", lambda match: match[1].upper(), name)
