from random import Random

import pytest

from sandbox.stages import OPEN_STAGES, STAGES, STARTS, draw, following, reluctance


@pytest.mark.parametrize("name", STAGES)
def test_each_stage_leads_to_stages_that_exist_with_chances_up_to_one(name: str) -> None:
    chances = STAGES[name].following
    assert set(chances) <= set(STAGES)
    assert sum(chances.values()) <= 1 + 1e-9


def test_every_stage_is_reached_but_the_one_that_renewals_set() -> None:
    reached = set(STARTS) | {"subscription_late"}
    for stage in STAGES.values():
        reached |= set(stage.following)
    assert set(STAGES) - reached == {"subscription_renewed"}


def test_final_stages_lead_nowhere_even_when_forced() -> None:
    assert following("cod_refunded", Random(1), forced=True) is None


def test_settled_stages_mostly_stay_unless_forced() -> None:
    dice = Random(1)
    assert [following("cod_delivered", dice) for _ in range(8)].count(None) > 0
    assert following("cod_delivered", dice, forced=True) == "cod_refunded"


def test_reluctance_ranks_open_before_settled_before_final() -> None:
    ranks = [reluctance(stage) for stage in ("cod_shipped", "cod_delivered", "cod_refunded")]
    assert ranks == [0, 1, 2]
    assert {reluctance(stage) for stage in OPEN_STAGES} == {0}


def test_draw_never_takes_what_has_no_chance() -> None:
    dice = Random(1)
    assert {draw(dice, {"never": 0.0, "always": 1.0}) for _ in range(50)} == {"always"}
