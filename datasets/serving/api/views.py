"""What views that send data share: who may read and keep their answers, errors too, and streams that are made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import wraps
from typing import Any

from asgiref.sync import sync_to_async
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from datasets.catalogue.api.caching import NO_STORE, say_who_may_keep
from datasets.serving.making import MadeWhileSent


class DataView(APIView):
    """A view that sends data, of which a get says in ``caching`` how long what it found may be kept.

    The form of what it sends is a parameter's to choose: ``Accept`` does not count.
    """

    caching = NO_STORE

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[BaseRenderer, str]:
        return super().perform_content_negotiation(request, force=True)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        say_who_may_keep(response, self.caching)
        return response


class MadeAnswer(StreamingHttpResponse):
    """An answer whose body is made while it is sent; its view begins it."""

    def __init__(self, view: MadeView, stream: MadeWhileSent, **kwargs: Any) -> None:
        super().__init__(stream, **kwargs)
        self.view, self.stream = view, stream


class MadeView(DataView):
    """A view of which some answers are made while they are sent.

    Its get is called in a thread; what it returns is begun by the event loop, which sees when the client leaves.
    """

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        answer = super().as_view(**initkwargs)

        @wraps(answer)
        async def answer_begun(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response = await sync_to_async(answer)(request, *args, **kwargs)
            if not isinstance(response, MadeAnswer):
                return response
            try:
                await response.stream.begin()
            except Exception as error:
                return await sync_to_async(response.view.answer_error)(error)
            if request.method == "HEAD":
                response.stream.close()
                response.streaming_content = nothing()
            return response

        return answer_begun

    def answer_error(self, error: Exception) -> Response:
        """The answer to what went wrong after get."""
        answer: Response = self.finalize_response(self.request, self.handle_exception(error))
        return answer


async def nothing() -> AsyncIterator[bytes]:
    """The body of an answer to HEAD."""
    return
    yield
