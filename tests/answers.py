"""Answers of Django's test client, read whole."""

from typing import Any

from asgiref.sync import async_to_sync


def content_of(response: Any) -> bytes:
    """The whole body, streamed or not."""
    if not response.streaming:
        return bytes(response.content)
    if not response.is_async:
        return b"".join(response.streaming_content)

    async def collect() -> bytes:
        return b"".join([block async for block in response.streaming_content])

    return async_to_sync(collect)()
