"""Query parameters of the list of clients."""

from django.db.models import QuerySet
from django_filters import CharFilter

from clients.models import Client, ClientStatus
from clients.search import search_clients
from flowzz.core.api.choice_filters import ChoicesFilter
from flowzz.core.api.date_filters import DayFilter
from flowzz.core.api.incremental import UpdatedFilterSet


class ClientFilter(UpdatedFilterSet):
    status = ChoicesFilter(choices=ClientStatus)
    dateFrom = DayFilter("created_at", "gte", help_text="Primeiro dia do cadastro")
    dateTo = DayFilter("created_at", "lte", help_text="Último dia do cadastro")
    search = CharFilter(
        method="search_for", max_length=100, help_text="Nome, e-mail, telefone ou documento"
    )

    def search_for(self, clients: QuerySet[Client], name: str, text: str) -> QuerySet[Client]:
        return clients & search_clients(text)
