"""AWS Signature Version 4, as it is made: for what we verify, and for addresses of a bucket that we hand out.

After "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API reference.
"""

import hmac
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from string import ascii_letters, digits
from urllib.parse import quote, unquote_to_bytes, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
UNSIGNED = "UNSIGNED-PAYLOAD"

_UNRESERVED = f"{ascii_letters}{digits}-._~".encode()


def presigned_address(
    address: str, *, method: str, key: str, secret: str, region: str, signed_s: float, expires_s: int
) -> str:
    """``address`` with a signature in its query, by which everybody may ask for it for a while.

    Args:
        address: without a query, percent-encoded as it is to be sent.
        method: the one that may be asked with.
        signed_s: from when it counts, in seconds since the epoch; ``expires_s``: for how long.
    """
    time = datetime.fromtimestamp(signed_s, UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{time[:8]}/{region}/s3/aws4_request"
    parts = urlsplit(address)
    query = (
        f"X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential={quote(f'{key}/{scope}', safe='')}&X-Amz-Date={time}"
        f"&X-Amz-Expires={expires_s}&X-Amz-SignedHeaders=host"
    )
    request = "\n".join((method, parts.path, query, f"host:{parts.netloc}\n", "host", UNSIGNED))
    return f"{address}?{query}&X-Amz-Signature={sign(secret, time, scope, request)}"


def sign(secret: str, time: str, scope: str, request: str) -> str:
    """The signature of a canonical request, in hexadecimal.

    Args:
        time: when it is signed, ``<yyyymmdd>T<hhmmss>Z``.
        scope: ``<yyyymmdd>/<region>/s3/aws4_request``.
    """
    text = "\n".join((ALGORITHM, time, scope, sha256(request.encode()).hexdigest()))
    return hmac.digest(_signing_key(secret, scope), text.encode(), "sha256").hex()


def encoded(text: bytes, safe: str = "") -> str:
    """Percent-encoded as the specification has it, however it was encoded before."""
    if not text.translate(None, _UNRESERVED + safe.encode()):  # nearly always, and quicker
        return text.decode("ascii")
    return quote(unquote_to_bytes(text), safe=f"{safe}-._~")


@lru_cache(maxsize=64)
def _signing_key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key
