"""The values that drop-downs of filters show."""

import pytest

from sales.stats import filter_values
from tests.api_client import Frontend
from tests.factories import NOON, ClientFactory, SaleFactory, UserFactory

pytestmark = pytest.mark.django_db
PATH = "sales/values"


def test_values_of_own_sales_are_listed_once_and_sorted() -> None:
    user = UserFactory.create()
    client = ClientFactory.create(user=user, state="SP")
    for number, (product, method, campaign) in enumerate(
        [("Zinco", "Pix", "verão"), ("creme", "Pix", ""), ("Zinco", "", None)]
    ):
        SaleFactory.create(
            user=user,
            client=client,
            external_id=f"ord{number}",
            product_name=product,
            payment_method=method,
            metadata={"utms": {"campaign": campaign}},
        )
    SaleFactory.create(user=user, external_id="x", product_name="Excluído", deleted_at=NOON)
    SaleFactory.create(product_name="De outra pessoa")
    assert Frontend(user).fetch(PATH).json()["data"] == {
        "products": ["creme", "Zinco"],
        "paymentMethods": ["Pix"],
        "campaigns": ["verão"],
        "states": ["SP"],
    }
    (found, *_) = Frontend(user).fetch("sales", state="sp", product="creme").json()["data"]
    assert found["externalId"] == "ord1"


def test_user_without_sales_has_no_values() -> None:
    data = Frontend(UserFactory.create()).fetch(PATH).json()["data"]
    assert data == {"products": [], "paymentMethods": [], "campaigns": [], "states": []}


def test_number_of_values_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_values, "MAX_VALUES", 1)
    user = UserFactory.create()
    for day, name in enumerate(["antigo", "novo"], start=1):
        SaleFactory.create(
            user=user, external_id=name, product_name=name, sale_date=NOON.replace(day=day)
        )
    assert Frontend(user).fetch(PATH).json()["data"]["products"] == ["novo"]


def test_campaign_that_the_filter_would_refuse_is_left_out() -> None:
    user = UserFactory.create()
    campaigns = ["a" * filter_values.MAX_CAMPAIGN, "b" * (filter_values.MAX_CAMPAIGN + 1)]
    for campaign in campaigns:
        metadata = {"utms": {"campaign": campaign}}
        SaleFactory.create(user=user, external_id=campaign[0], metadata=metadata)
    assert Frontend(user).fetch(PATH).json()["data"]["campaigns"] == campaigns[:1]
    statuses = [Frontend(user).fetch("sales", utmCampaign=name).status_code for name in campaigns]
    assert statuses == [200, 400]
