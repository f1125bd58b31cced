"""Tokens in log entries: masked wherever they stand, and nothing else is."""

import logging

import pytest

from portal.masking import MaskingFormatter, mask

SECRET = "s3cr3t-T0ken_" + "x" * 30


@pytest.mark.parametrize(
    "text",
    [
        f"Unauthorized: /r/{SECRET}/",
        f"GET /r/{SECRET} 302",
        f"/account/sign-in/?next=/r/{SECRET}/",
        f"/account/sign-in/?next=%2Fr%2F{SECRET}%2F",
        f"GET /data/~{SECRET}/cell@1/em/zarr.json 200",
        f"/data/%7E{SECRET}/cell@1/",
        f"%2Fdata%2F~{SECRET}%2Fcell",
        f"/access/data/~{SECRET}/cell@1/em",
        f"Authorization: Bearer {SECRET}",
        f"{{'authorization': 'Bearer {SECRET}'}}",
        f"the token cst_CSTABCDEFGHIJKLMNOPQ_{SECRET} was shown",
        f"Cookie: theme=dark; share-cell={SECRET}; sessionid=x",
        f"{{'share-my-cell': '{SECRET}'}}",
    ],
)
def test_a_token_is_masked(text: str) -> None:
    assert SECRET not in mask(text)
    assert "***" in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "Not Found: /datasets/cell/",
        "GET /data/cell@1/em/zarr.json 200",
        "/organelles/er/",
        "no bearer token was sent",
        "/data/cell@1/r.txt",
        "shared-cell=3 share 7 of cell",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert mask(text) == text.replace("bearer token", "bearer ***")


def test_a_traceback_is_masked_too() -> None:
    formatter = MaskingFormatter("%(message)s")
    try:
        raise ValueError(f"/r/{SECRET}/")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "", 0, "at %s", (f"/r/{SECRET}/",), (ValueError, error, None))
    assert SECRET not in formatter.format(record)
    assert "ValueError: /r/***/" in formatter.format(record)
