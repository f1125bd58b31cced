"""Whatever the API's document allows to be asked is answered as it says and with no error of the server.

``make soak`` asks more, of a server, and for what the document does not allow, too (tests/soak/api.py).
"""

from collections import Counter
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from django.test import Client

from datasets.catalogue.actions.tokens import create_api_token
from datasets.catalogue.models import DatasetVersion
from tests.asking_anything import ask_often
from tests.connections import one_connection

EXAMPLES = 6
"""How many requests of each operation."""


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
    seen: Counter[int] = Counter()
    with one_connection():
        for found in asked.get_all_operations():
            operation = found.ok()
            parameters = operation.definition.raw.get("parameters", ())
            known = {each["name"]: [each["example"]] for each in parameters if each["in"] == "path"}
            if not operation.path.endswith(("/cutout", "/manifest")):  # streams of a server's event loop
                ask_often(
                    operation, examples=EXAMPLES, known=known, headers=headers, base_url="http://testserver", seen=seen
                )
    assert {200, 400, 404} <= set(seen)
