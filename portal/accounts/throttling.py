"""Slowing down whoever guesses passwords."""

import datetime as dt

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from portal.accounts.models import FailedSignIn

WINDOW = dt.timedelta(minutes=15)
# The first slows down one guesser without locking out the account's owner elsewhere; the others, many accounts guessed
# from one place, and one account guessed from many places.
MOST_FOR_ACCOUNT_AND_ADDRESS = 10
MOST_FOR_ADDRESS = 100
MOST_FOR_ACCOUNT = 100


def seconds_to_wait(*, username: str, address: str) -> int:
    """How long ``username`` cannot sign in from ``address``; 0: it may try."""
    account, place = _digest(username), _digest(address)
    since = timezone.now() - WINDOW
    counts = FailedSignIn.objects.filter(at__gt=since).aggregate(
        both=Count("pk", filter=Q(account=account, address=place)),
        account=Count("pk", filter=Q(account=account)),
        address=Count("pk", filter=Q(address=place)),
    )
    if (
        counts["both"] < MOST_FOR_ACCOUNT_AND_ADDRESS
        and counts["account"] < MOST_FOR_ACCOUNT
        and counts["address"] < MOST_FOR_ADDRESS
    ):
        return 0
    return int(WINDOW.total_seconds())


def record_failure(*, username: str, address: str) -> None:
    """Count a failed sign-in; forget those that no longer count."""
    now = timezone.now()
    FailedSignIn.objects.filter(at__lte=now - WINDOW).delete()
    FailedSignIn.objects.create(at=now, account=_digest(username), address=_digest(address))


def forgive(*, username: str, address: str) -> None:
    """Forget the failures of someone who has now signed in."""
    FailedSignIn.objects.filter(account=_digest(username), address=_digest(address)).delete()


def _digest(text: str) -> str:
    return salted_hmac("portal.accounts.failed-sign-in", text.strip().casefold(), algorithm="sha256").hexdigest()
