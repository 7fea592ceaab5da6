"""A time limit that many tasks share."""

import asyncio

import pytest

from flowzz.core.server.time_limits import TimeLimit


async def sleep(limit: TimeLimit, seconds: float, *, delay: float = 0.0) -> str:
    await asyncio.sleep(delay)
    try:
        with limit:
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "in time"


def test_only_tasks_that_take_longer_are_ended() -> None:
    async def run() -> list[str]:
        limit = TimeLimit(0.2)
        tasks = (sleep(limit, 60), sleep(limit, 0), sleep(limit, 60, delay=0.1), sleep(limit, 0.01))
        return list(await asyncio.gather(*tasks))

    assert asyncio.run(run()) == ["late", "in time", "late", "in time"]


def test_it_works_again_after_a_time_without_tasks() -> None:
    async def run() -> list[str]:
        limit = TimeLimit(0.05)
        return [await sleep(limit, 0), await sleep(limit, 0.02, delay=0.1), await sleep(limit, 60)]

    assert asyncio.run(run()) == ["in time", "in time", "late"]


def test_cancellation_is_taken_back() -> None:
    async def run() -> int:
        await sleep(TimeLimit(0.02), 60)
        task = asyncio.current_task()
        assert task
        return task.cancelling()

    assert asyncio.run(run()) == 0


def test_other_cancellations_and_errors_pass() -> None:
    async def run() -> None:
        limit = TimeLimit(60)
        task = asyncio.create_task(sleep(limit, 60))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(ZeroDivisionError), limit:
            _ = 1 / 0

    asyncio.run(run())
