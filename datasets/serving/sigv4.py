"""AWS Signature Version 4, verified: in the ``Authorization`` header, or in the query of a presigned address.

After "Authenticating Requests (AWS Signature Version 4)" of the Amazon S3 API reference. Of a request are signed its
method, path, query, the headers that it lists, and a time. Any region is taken: the name is the client's to choose.
"""

import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from datasets.serving.s3_answers import S3Error
from datasets.storage.signing import ALGORITHM, UNSIGNED, encoded, sign

MAX_SKEW_S = 15 * 60
MAX_EXPIRY_S = 7 * 24 * 3600

_EMPTY_HASH = sha256(b"").hexdigest()
_time = re.compile(r"\d{8}T\d{6}Z", re.ASCII).fullmatch
_credential = re.compile(r"(?P<id>[^/\s]{1,128})/(?P<date>\d{8})/(?P<region>[^/]{1,64})/s3/aws4_request").fullmatch
_hexadecimal = re.compile(r"[0-9a-f]{64}").fullmatch
_seconds = re.compile(r"\d{1,7}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request says of its signature.

    Args:
        access_key_id: whose key it is made with.
        scope: ``<yyyymmdd>/<region>/s3/aws4_request``.
        signed_headers: the names of the headers that are signed.
        signature: 64 hexadecimal digits.
        time: when it was signed, ``<yyyymmdd>T<hhmmss>Z``.
        expires_s: for how long a presigned address counts; None for a signature in the header.
    """

    access_key_id: str
    scope: str
    signed_headers: tuple[str, ...]
    signature: str
    time: str
    expires_s: int | None

    @property
    def signed_s(self) -> float:
        """When it was signed, in seconds since the epoch.

        Raises:
            ValueError: there is no such time.
        """
        return datetime.strptime(self.time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def read_signature(query: Mapping[str, str], headers: Mapping[bytes, bytes]) -> Signature | None:
    """The signature of a request; None of one that is not signed.

    Args:
        query: its parameters, decoded.
        headers: all of its headers, by lower-case name.

    Raises:
        S3Error: there is one, and it is malformed.
    """
    authorization = headers.get(b"authorization", b"").decode("latin-1")
    if "X-Amz-Algorithm" in query or "X-Amz-Signature" in query:
        if authorization:
            raise S3Error("InvalidArgument", 400, "Sign in the query or in a header, not in both")
        return _from_query(query)
    if "Signature" in query or authorization.startswith("AWS "):
        raise S3Error("InvalidRequest", 400, f"This way of signing is not supported. Use {ALGORITHM}")
    return _from_header(authorization, headers) if authorization else None


def _from_query(query: Mapping[str, str]) -> Signature:
    expiry = query.get("X-Amz-Expires", "")
    signature = _assembled(
        query.get("X-Amz-Credential", ""),
        query.get("X-Amz-SignedHeaders", ""),
        query.get("X-Amz-Signature", ""),
        query.get("X-Amz-Date", ""),
        int(expiry) if _seconds(expiry) else -1,
    )
    if query.get("X-Amz-Algorithm") != ALGORITHM or signature is None or not (signature.expires_s or 0) > 0:
        raise S3Error("AuthorizationQueryParametersError", 400, "The query's signature is incomplete or malformed")
    if (signature.expires_s or 0) > MAX_EXPIRY_S:
        raise S3Error("AuthorizationQueryParametersError", 400, "X-Amz-Expires is at most a week: 604800")
    return signature


def _from_header(authorization: str, headers: Mapping[bytes, bytes]) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise S3Error("InvalidArgument", 400, f"Unsupported Authorization Type. Use {ALGORITHM}")
    fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    signature = _assembled(
        fields.get("Credential", ""),
        fields.get("SignedHeaders", ""),
        fields.get("Signature", ""),
        headers.get(b"x-amz-date", b"").decode("latin-1"),
        None,
    )
    if signature is None:
        raise S3Error("AuthorizationHeaderMalformed", 400, "The Authorization header or x-amz-date is malformed")
    return signature


def _assembled(credential: str, signed: str, signature: str, time: str, expires_s: int | None) -> Signature | None:
    """The signature, where its parts are well formed, agree, and sign the host."""
    found = _credential(credential)
    names = tuple(signed.split(";"))
    if not (found and _hexadecimal(signature) and _time(time) and found["date"] == time[:8] and "host" in names):
        return None
    result = Signature(found["id"], credential.partition("/")[2], names, signature, time, expires_s)
    try:
        _ = result.signed_s
    except ValueError:
        return None
    return result


def verify(
    signature: Signature,
    *,
    secret: str,
    method: str,
    raw_path: bytes,
    query: bytes,
    headers: Mapping[bytes, bytes],
    now_s: float,
) -> None:
    """That a request was signed with ``secret``, and not too long ago.

    Args:
        raw_path: as it was sent, without the query.
        query: as it was sent.
        headers: all of its headers, by lower-case name.
        now_s: seconds since the epoch.

    Raises:
        S3Error: it was not.
    """
    age_s = now_s - signature.signed_s
    if signature.expires_s is None:
        if abs(age_s) > MAX_SKEW_S:
            raise S3Error("RequestTimeTooSkewed", 403, "The request's time and the server's differ by over 15 minutes")
    elif age_s > signature.expires_s:
        raise S3Error("AccessDenied", 403, "Request has expired")
    elif age_s < -MAX_SKEW_S:
        raise S3Error("AccessDenied", 403, "Request is not valid yet")
    request = canonical_request(signature, method, raw_path, query, headers)
    expected = sign(secret, signature.time, signature.scope, request)
    if not hmac.compare_digest(expected, signature.signature):
        raise S3Error(
            "SignatureDoesNotMatch",
            403,
            "The signature is not that of this request and this key. Look at the secret, and at what stands between "
            "you and the portal: it must not change path, query or Host",
        )


def canonical_request(
    signature: Signature, method: str, raw_path: bytes, query: bytes, headers: Mapping[bytes, bytes]
) -> str:
    """The text of which the signature is made."""
    if signature.expires_s is None:
        payload = headers.get(b"x-amz-content-sha256", _EMPTY_HASH.encode()).decode("latin-1")
    else:
        payload = UNSIGNED
    signed = "".join(
        f"{name}:{' '.join(headers.get(name.encode('latin-1', 'replace'), b'').decode('utf-8', 'replace').split())}\n"
        for name in signature.signed_headers
    )
    return "\n".join(
        (method, encoded(raw_path, safe="/"), _canonical_query(query.split(b"&")), signed,
         ";".join(signature.signed_headers), payload)
    )  # fmt: skip


def _canonical_query(parts: Iterable[bytes]) -> str:
    pairs = [part.replace(b"+", b"%20").partition(b"=")[::2] for part in parts if part]
    canonical = sorted((encoded(name), encoded(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in canonical if name != "X-Amz-Signature")
