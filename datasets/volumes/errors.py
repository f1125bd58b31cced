"""The base of every named error: what is wrong, where, and what to do about it.

It lives in the lowest package so that every package can raise one; ``portal.problems`` and the data plane turn it
into an RFC 9457 answer, management commands print it.
"""

from typing import Any, ClassVar


class CisternaError(Exception):
    """An error a person can act on.

    Subclasses stand beside the code that raises them. ``slug`` names the page ``/problems/<slug>/`` (one Markdown
    file in ``docs/problems/``), ``status`` the HTTP status, ``title`` the kind of trouble in a few words.
    """

    slug: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    retry_after_s: int | None = None

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        parts = [f"{self.where}: {self.what}" if self.where else self.what]
        if self.fix:
            parts.append(self.fix)
        return " ".join(part if part.endswith((".", "?", "!")) else f"{part}." for part in parts)

    def problem(self) -> dict[str, Any]:
        """The RFC 9457 body: ``type`` is the path of the page that explains this kind of error."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.slug}/",
            "title": self.title,
            "status": self.status,
            "detail": self.what,
        }
        if self.where:
            body["where"] = self.where
        if self.fix:
            body["fix"] = self.fix
        return body
