"""What many ask for at once in the event loop is asked for once, and never answered from before."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from zhizhi.web.together import Together


class Kitchen:
    """Answers with how often it was asked, when it is told to go on."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = defaultdict(int)
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.breaks = False

    async def __call__(self, question: str) -> str:
        self.asked[question] += 1
        answer = f"{question}{self.asked[question]}"
        await self.go_on.wait()
        if self.breaks:
            raise OSError(answer)
        return answer


async def turns() -> None:
    """Let everything that can go on go on."""
    for _turn in range(5):
        await asyncio.sleep(0)


def test_two_hundred_who_ask_together_share_one_answer() -> None:
    async def story() -> tuple[set[str], int]:
        kitchen = Kitchen()
        together = Together(kitchen)
        answers = await asyncio.gather(*(together.get("a") for _desk in range(200)))
        return set(answers), kitchen.asked["a"]

    assert asyncio.run(story()) == ({"a1"}, 1)


def test_an_answer_under_way_is_not_for_whoever_comes_later() -> None:
    async def story() -> list[str]:
        kitchen = Kitchen()
        kitchen.go_on.clear()
        together = Together(kitchen)
        first = asyncio.create_task(together.get("a"))
        await turns()
        later = [asyncio.create_task(together.get("a")) for _desk in range(3)]
        await turns()
        assert kitchen.asked["a"] == 1, "the next is asked for when the first has been answered"
        kitchen.go_on.set()
        return [await first, *[await one for one in later]]

    assert asyncio.run(story()) == ["a1", "a2", "a2", "a2"]


def test_different_questions_do_not_wait_for_one_another() -> None:
    async def story() -> set[str]:
        kitchen = Kitchen()
        kitchen.go_on.clear()
        together = Together(kitchen)
        tasks = [asyncio.create_task(together.get(one)) for one in "ab"]
        await turns()
        assert dict(kitchen.asked) == {"a": 1, "b": 1}
        kitchen.go_on.set()
        return set(await asyncio.gather(*tasks))

    assert asyncio.run(story()) == {"a1", "b1"}


def test_a_failure_is_told_to_all_who_waited_and_the_next_is_asked_anew() -> None:
    async def story() -> tuple[list[object], str]:
        kitchen = Kitchen()
        kitchen.breaks = True
        together = Together(kitchen)
        told = await asyncio.gather(
            *(together.get("a") for _desk in range(2)), return_exceptions=True
        )
        kitchen.breaks = False
        return [str(one) for one in told], await together.get("a")

    assert asyncio.run(story()) == (["a1", "a1"], "a2")


def test_one_who_goes_away_takes_the_answer_from_nobody() -> None:
    async def story() -> str:
        kitchen = Kitchen()
        kitchen.go_on.clear()
        together = Together(kitchen)
        leaving, staying = (asyncio.create_task(together.get("a")) for _desk in range(2))
        await turns()
        leaving.cancel()
        kitchen.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        return await staying

    assert asyncio.run(story()) == "a1"


def test_nothing_is_kept_when_everything_is_answered() -> None:
    async def story() -> Together[str, str]:
        together = Together(Kitchen())
        await asyncio.gather(*(together.get(one) for one in "aab"))
        await turns()
        return together

    together = asyncio.run(story())
    assert together._coming == together._running == {}
