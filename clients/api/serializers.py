"""A client as the API tells it."""

from rest_framework import serializers

from clients.models import Client
from flowzz.core.api.serializers import CamelCase


class ClientSerializer(CamelCase, serializers.ModelSerializer[Client]):
    class Meta:
        model = Client
        fields: tuple[str, ...] = (
            "id",
            "name",
            "email",
            "phone",
            "cpf",
            "address",
            "address_number",
            "district",
            "complement",
            "city",
            "state",
            "cep",
            "country",
            "status",
            "created_at",
            "updated_at",
        )
        read_only_fields = fields


class ClientNameSerializer(serializers.ModelSerializer[Client]):
    """Who bought, beside what was bought."""

    class Meta:
        model = Client
        fields = ("id", "name")
        read_only_fields = fields
