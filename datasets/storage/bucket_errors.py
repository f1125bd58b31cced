"""What an S3 server's refusal means: the one place in which codes and classes of its clients become named errors.

Two clients speak to buckets (s3fs, and obstore for the data plane). Each failure is first read as a :class:`Refusal`
and then named, so both tell the same story.
"""

import re
from dataclasses import dataclass

from datasets.storage.errors import (
    BucketMissing,
    CredentialsRefusedByStorage,
    ObjectAbsent,
    StorageError,
    StorageForbidden,
    StorageTimeout,
    StorageUnavailable,
    StorageUnreachable,
)
from datasets.storage.roots import Root

_status_in_text = re.compile(r"status code: (\d{3})").search
_code_in_text = re.compile(r"<Code>([A-Za-z0-9]{1,60})</Code>").search

_ABSENT = frozenset({"NoSuchKey", "NoSuchVersion"})
_CREDENTIALS = frozenset(
    {
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "InvalidToken",
        "ExpiredToken",
        "TokenRefreshRequired",
        "InvalidSecurity",
    }
)
_REGION = frozenset({"PermanentRedirect", "TemporaryRedirect", "AuthorizationHeaderMalformed", "Redirect"})
_RANGE = "InvalidRange"


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a request to a bucket failed.

    Args:
        status: the HTTP status; 0 where no answer came.
        code: S3's code in the answer; empty where there was none (an answer to HEAD has no body).
        timed_out, unreachable: why no answer came.
    """

    status: int = 0
    code: str = ""
    timed_out: bool = False
    unreachable: bool = False

    @property
    def is_unexplained(self) -> bool:
        """Whether only the answer to a GET would tell what the status means."""
        return bool(self.status) and not self.code

    @property
    def is_outside(self) -> bool:
        """Whether the object is there and the range lies outside of it."""
        return self.code == _RANGE or self.status == 416

    @property
    def is_precondition(self) -> bool:
        """Whether the object is another than the one that was asked for."""
        return self.status == 412


def refusal_of(error: BaseException | None) -> Refusal:
    """What a client's exception says."""
    if error is None:
        return Refusal()
    return _of_botocore(error) or _of_text(error)


def _of_botocore(error: BaseException) -> Refusal | None:
    """s3fs raises an OSError whose cause is botocore's, or botocore's itself where no answer came."""
    for found in (error, error.__cause__):
        response = getattr(found, "response", None)
        if isinstance(response, dict) and "Error" in response:
            code = str(response["Error"].get("Code", ""))
            status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
            return Refusal(status, "" if code.isdigit() else code)  # without a body, botocore repeats the status
    names = {cls.__name__ for cls in type(error).__mro__}
    if isinstance(error, TimeoutError) or names & {"ReadTimeoutError", "ConnectTimeoutError", "FSTimeoutError"}:
        return Refusal(timed_out=True)
    if "EndpointConnectionError" in names:
        return Refusal(unreachable=True)
    if names & {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError"}:
        return Refusal(403, "InvalidAccessKeyId")
    return None


def _of_text(error: BaseException) -> Refusal:
    """obstore has few classes and says the rest in words."""
    text = str(error)
    status, code = _status_in_text(text), _code_in_text(text)
    if status:
        return Refusal(int(status[1]), code[1] if code else "")
    if "kind: Timeout" in text or "TimedOut" in text:
        return Refusal(timed_out=True)
    return Refusal(unreachable="kind: Connect" in text)


def name_refusal(refusal: Refusal, root: Root, key: str, *, listing: bool = False) -> StorageError:
    """The error for ``refusal`` of ``key`` (relative to the root), or of what lies below it."""
    where, variable = root.url_of(key), f"CISTERNA_ROOT_{root.name.upper()}"
    status, code = refusal.status, refusal.code
    said = f" ({status} {code})".replace(" )", ")")
    if code in _ABSENT:
        return ObjectAbsent("There is no object at this key", where=where)
    if code == "NoSuchBucket":
        return BucketMissing(
            "The bucket does not exist", where=root.url, fix=f"Make the bucket, or set {variable} to the right one"
        )
    if code in _CREDENTIALS or status == 401:
        return CredentialsRefusedByStorage(
            f"The storage does not accept the portal's credentials{said}",
            where=root.url,
            fix=f"Set {variable}_KEY and {variable}_SECRET to a key of the bucket, or {variable}_ANONYMOUS=1",
        )
    if code == "RequestTimeTooSkewed":
        return CredentialsRefusedByStorage(
            "The clocks of the portal and of the storage differ", where=root.url, fix="Set the portal's clock"
        )
    if code in _REGION or status in (301, 307):
        return StorageUnavailable(
            f"The bucket is in another region{said}", where=root.url, fix=f"Set {variable}_REGION to the bucket's"
        )
    if status == 403:
        if root.forbidden_means_absent and code == "AccessDenied" and not listing:
            return ObjectAbsent("There is no object at this key", where=where)
        return StorageForbidden(
            f"The portal may not list this folder{said}"
            if listing
            else f"The portal may not read this object, or it does not exist{said}",
            where=where,
            fix="Grant the portal s3:GetObject and s3:ListBucket",
        )
    if refusal.timed_out:
        return StorageTimeout("The storage did not answer in time", where=where, fix="See whether it is overloaded")
    if refusal.unreachable:
        return StorageUnreachable(
            "Nobody answers at the storage's address", where=where, fix=f"See whether {variable}_ENDPOINT is right"
        )
    # A 404 without S3's own code, too: a wrong endpoint says so, and knows nothing of the object.
    return StorageUnavailable(f"The storage failed{said if status else ''}", where=where)
