import asyncio

from watcher import tasks


async def test_a_loop_that_lost_its_cancellation_is_cancelled_again(monkeypatch):
    monkeypatch.setattr(tasks, "_AGAIN_SECONDS", 0.01)
    lost = []

    async def loop() -> None:
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if lost:
                    raise
                lost.append(True)

    going = asyncio.create_task(loop())
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await tasks.end_loops([going])

    assert going.cancelled()
    assert lost == [True]


async def test_what_ends_in_its_own_time_is_not_disturbed():
    ended = []

    async def careful() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.05)
            ended.append(True)

    going = asyncio.create_task(careful())
    await asyncio.sleep(0)
    await tasks.end_loops([going])

    assert ended == [True]


async def test_who_is_cancelled_as_the_event_is_set_ends():
    event = asyncio.Event()
    waiting = asyncio.create_task(tasks.wait(event, 3600))
    await asyncio.sleep(0.01)
    event.set()
    waiting.cancel()  # before it goes on
    await asyncio.wait([waiting], timeout=60)

    assert waiting.cancelled()
