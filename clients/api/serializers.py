"""Clients in API responses."""

from rest_framework import serializers

from clients.models import Client
from flowzz.core.api.serializers import CamelCaseSerializer


class ClientSerializer(CamelCaseSerializer, serializers.ModelSerializer[Client]):
    class Meta:
        model = Client
        fields: tuple[str, ...] = (
            *("id", "name", "email", "phone", "phone_raw", "cpf"),
            *(
                "address",
                "address_number",
                "district",
                "complement",
                "city",
                "state",
                "cep",
                "country",
            ),
            *("status", "created_at", "updated_at"),
        )
        read_only_fields = fields


class ClientNameSerializer(serializers.ModelSerializer[Client]):
    """The client of a sale or a subscription."""

    class Meta:
        model = Client
        fields = ("id", "name")
        read_only_fields = fields
