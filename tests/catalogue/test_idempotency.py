"""Idempotency keys: asked again, a request gets its first answer, and nothing is made twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from datasets.catalogue.api.idempotency import GIVEN_UP, KEPT
from datasets.catalogue.models import AuditEvent, Dataset, DatasetVersion, KeptAnswer, Membership
from tests.catalogue.test_drafts import DRAFT, VERSIONS, Caller, cell, curator  # noqa: F401

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


def begin(caller: Caller, key: str = "a-key", body: Any = None) -> Any:
    return caller.ask("POST", VERSIONS, body, Idempotency_Key=key)


def test_the_same_request_gets_the_same_answer_again(curator: Caller) -> None:  # noqa: F811
    first = begin(curator)
    events = AuditEvent.objects.count()
    curator.change({"title": "Changed since"})
    again = begin(curator)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again["ETag"], again["Location"]) == (first.json(), first["ETag"], first["Location"])
    assert again["Idempotency-Replayed"] == "true"
    assert AuditEvent.objects.count() == events + 1, "the change alone"
    other = begin(curator, body=b"{ }")
    assert (other.status_code, other.json()["type"]) == (422, "http://testserver/problems/key-reused/")
    assert begin(curator, "another").status_code == 409, "there is a draft"
    for form in ("", "two words", "a" * 121):
        assert begin(curator, form).status_code == 400


def test_a_request_at_work_is_waited_for_and_one_that_died_is_not(curator: Caller) -> None:  # noqa: F811
    begin(curator)
    curator.ask("DELETE", DRAFT, If_Match="*")
    KeptAnswer.objects.update(status=None)
    running = begin(curator)
    assert (running.status_code, running.json()["type"]) == (409, "http://testserver/problems/still-running/")
    assert running["Retry-After"]
    KeptAnswer.objects.update(at=timezone.now() - GIVEN_UP - SECOND)
    assert begin(curator).status_code == 201


def test_what_failed_made_nothing_and_keeps_no_key(curator: Caller) -> None:  # noqa: F811
    begin(curator, "first")
    assert begin(curator).status_code == 409
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["first"]
    curator.ask("DELETE", DRAFT, If_Match="*")
    assert begin(curator).status_code == 201


def test_answers_are_kept_for_a_day(curator: Caller) -> None:  # noqa: F811
    begin(curator, "old")
    curator.ask("DELETE", DRAFT, If_Match="*")
    KeptAnswer.objects.update(at=timezone.now() - KEPT - SECOND)
    assert begin(curator, "new").status_code == 201
    assert [kept.key for kept in KeptAnswer.objects.all()] == ["new"]


def test_an_answer_is_only_for_the_account_it_was_given_to_and_while_it_may(
    curator: Caller,  # noqa: F811
) -> None:
    begin(curator)
    assert begin(Caller("viewer", "publish")).status_code == 403
    Membership.objects.filter(user__username="curator").delete()
    assert begin(curator).status_code == 403
    Dataset.objects.update(visibility="private")
    assert begin(curator).status_code == 404
    assert DatasetVersion.objects.filter(number=None).count() == 1
