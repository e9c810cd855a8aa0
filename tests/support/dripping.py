"""A head whose lines drip, one by one, for as long as somebody waits for its end."""

import asyncio

HEAD = b"GET /health/live HTTP/1.1\r\nHost: portal\r\n"


async def dripped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Send lines until the other end hangs up; return what it said."""
    reading = asyncio.create_task(reader.read())
    writer.write(HEAD)
    while not reading.done():
        writer.write(b"X: y\r\n")
        await asyncio.sleep(0.02)  # the rhythm is what is tried here
    writer.close()
    try:
        return await reading
    except ConnectionResetError:  # a line was on its way as the other end hung up
        return b""
