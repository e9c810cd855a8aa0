import asyncio, pytest
from tests.integration.runtime.test_process import *

@pytest.mark.parametrize("n", range(40))
async def test_stop_soon(n, database, broker):
    began = asyncio.get_running_loop().time()
    async with running(database.url("merge"), broker.url("merge")) as shop:
        for _ in range(n * 3):
            await asyncio.sleep(0)
    took = asyncio.get_running_loop().time() - began
    assert took < 4, took
