"""No token in a log, wherever it stood in a request."""

import logging
import re

# In a path (/data/~<token>/…, /r/<token>/, encoded too, as in ?next=), as a credential, and as a cookie.
_SECRETS = (
    (re.compile(r"(?i)(/|%2f)(data|access|access/data)(/|%2f)(~|%7e)[^/?%\s]+"), r"\1\2\3~***"),
    (re.compile(r"(?i)(/|%2f)r(/|%2f)[^/?%&\s'\"]+"), r"\1r\2***"),
    (re.compile(r"(?i)\b(bearer\s+)[^\s'\",]+"), r"\1***"),
    (re.compile(r"\bcst_[A-Za-z0-9_-]+"), "cst_***"),
    (re.compile(r"\b(share-[a-z0-9_-]+['\"]?\s*[=:]\s*['\"]?)[A-Za-z0-9_-]+"), r"\1***"),
)


def mask(text: str) -> str:
    """``text`` with every token replaced by ``***``."""
    for pattern, masked in _SECRETS:
        text = pattern.sub(masked, text)
    return text


class MaskingFormatter(logging.Formatter):
    """Masks the whole entry, tracebacks too."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))
