"""Requests that the API's document allows, and some that it does not, made by schemathesis; each answer is judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
PHASES = {"shrinks": [Phase.generate, Phase.shrink], "stops": [Phase.generate]}


def ask_often(
    operation: Any,
    *,
    examples: int,
    known: Mapping[str, Sequence[Any]],
    headers: Mapping[str, str],
    base_url: str,
    seen: Counter[int],
    number: int | None = None,
    forbidden: bool = False,
    **options: Any,
) -> None:
    """Ask for anything that the document allows; about half of the times below what is there.

    Args:
        examples: how many requests.
        known: what there is, by the names of parameters of the path and of headers.
        seen: how many answers had which status; is added to.
        number: the same makes the same requests; then what fails is made small.
        forbidden: ask for what the document does not allow.
        options: of each request, as the library takes them that sends it.

    Raises:
        FailureGroup, or one of its kind: an answer is not as the document says.
    """
    allowed = {each["name"]: each["in"] for each in operation.definition.raw.get("parameters", ())}
    mode = GenerationMode.NEGATIVE if forbidden else GenerationMode.POSITIVE
    filled = {
        name: st.sampled_from(list(values)) for name, values in known.items() if allowed.get(name) in ("path", "header")
    }

    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=PHASES["stops" if number is None else "shrinks"],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        there=st.none() | st.fixed_dictionaries(filled),
    )
    def ask(case: Any, there: dict[str, Any] | None) -> None:
        for name, value in (there or {}).items():
            (case.path_parameters if allowed[name] == "path" else case.headers)[name] = value
        answer = case.call(base_url=base_url, headers=dict(headers), **options)
        seen[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    (seed(number)(ask) if number is not None else ask)()
