"""Whatever the API's document allows to be asked is answered as it says and with no error of the server."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.models import DatasetVersion

EXAMPLES = int(os.environ.get("CISTERNA_API_EXAMPLES", "6"))
"""How many requests of each operation; a soak takes more."""

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@contextmanager
def one_connection() -> Iterator[None]:
    """As within Django's own client: a request's end does not close the connection that the test is in."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


@pytest.mark.parametrize("is_curator", [False, True], ids=["stranger", "curator"])
def test_every_answer_is_as_the_document_says(
    client: Client, small_cell: DatasetVersion, is_curator: bool, django_user_model: Any
) -> None:
    headers = {}
    if is_curator:
        django_user_model.objects.create_superuser("curator", "", "a long password")
        made = create_api_token(username="curator", label="", scope="admin", lifetime=None, by=None)
        headers["Authorization"] = f"Bearer {made.bearer}"
    document = client.get("/api/v1/schema/").json()
    asked = schemathesis.openapi.from_dict(document)
    asked.app = get_wsgi_application()
    seen: set[int] = set()
    with one_connection():
        for found in asked.get_all_operations():
            operation = found.ok()
            if not operation.path.endswith(("/cutout", "/manifest")):  # streams of a server's event loop
                ask_often(operation, headers, seen)
    assert {200, 400, 404} <= seen


def ask_often(operation: Any, headers: dict[str, str], seen: set[int]) -> None:
    """Ask for anything that the document allows; about half of the times below what is there."""
    parameters = operation.definition.raw.get("parameters", ())
    known = {each["name"]: each["example"] for each in parameters if each["in"] == "path"}

    @settings(max_examples=EXAMPLES, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(), is_there=st.booleans())
    def ask(case: Any, is_there: bool) -> None:
        if is_there:
            case.path_parameters.update(known)
        answer = case.call(base_url="http://testserver", headers=headers)
        case.validate_response(answer, checks=CHECKS)
        seen.add(answer.status_code)

    ask()
