from random import Random

import pytest

from sandbox.orders.stages import (
    FIRST_STAGES,
    OPEN_STAGES,
    STAGES,
    finality,
    next_stage,
    weighted_choice,
)


@pytest.mark.parametrize("name", STAGES)
def test_transitions_lead_to_known_stages_with_probabilities_up_to_1(name: str) -> None:
    transitions = STAGES[name].transitions
    assert set(transitions) <= set(STAGES)
    assert sum(transitions.values()) <= 1 + 1e-9


def test_every_stage_but_the_renewed_one_can_be_reached() -> None:
    reached = set(FIRST_STAGES) | {"subscription_late"}
    for stage in STAGES.values():
        reached |= set(stage.transitions)
    assert set(STAGES) - reached == {"subscription_renewed"}


def test_final_stage_has_no_next_stage_even_with_force() -> None:
    assert next_stage("cod_refunded", Random(1), force=True) is None


def test_settled_stage_mostly_stays_without_force() -> None:
    random = Random(1)
    assert [next_stage("cod_delivered", random) for _ in range(8)].count(None) > 0
    assert next_stage("cod_delivered", random, force=True) == "cod_refunded"


def test_finality_orders_open_settled_and_final_stages() -> None:
    values = [finality(stage) for stage in ("cod_shipped", "cod_delivered", "cod_refunded")]
    assert values == [0, 1, 2]
    assert {finality(stage) for stage in OPEN_STAGES} == {0}


def test_weighted_choice_never_returns_a_zero_weight() -> None:
    random = Random(1)
    assert {weighted_choice(random, {"never": 0.0, "always": 1.0}) for _ in range(50)} == {"always"}
