"""The filters of all lists are fields of one form."""

import pytest
from django.contrib import admin
from django.db.models import Model

from flowzz.backoffice.display import list_url
from sales.models import Sale
from sales.statuses import SaleStatus
from tests.factories import SaleFactory
from tests.staff import Staff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label)
def test_filters_of_every_list_are_fields(staff: Staff, model: type[Model]) -> None:
    changes = staff.get(list_url(model)).context["cl"]
    without_field = [
        spec.title
        for spec in changes.filter_specs
        if "form" not in next(iter(spec.choices(changes)), {})
    ]
    assert without_field == []


def test_several_values_of_a_choice(staff: Staff) -> None:
    for status in (SaleStatus.PAID, SaleStatus.SHIPPED, SaleStatus.REFUNDED):
        SaleFactory.create(status=status)
    changes = staff.get(list_url(Sale, status__exact=("PAID", "REFUNDED"))).context["cl"]
    assert {sale.status for sale in changes.result_list} == {"PAID", "REFUNDED"}
