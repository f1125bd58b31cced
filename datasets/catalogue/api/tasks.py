"""Tasks: classes to find, and the ground truth to find them in."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from datasets.catalogue.api.filters import Filter, organelle
from datasets.catalogue.api.lists import CatalogueView, Key, ListView, Loads, Shown, read_text
from datasets.catalogue.api.models import CropNameSerializer
from datasets.catalogue.models import Task
from datasets.catalogue.queries.tasks import find_task, load_crops, visible_tasks


class TaskSerializer(Shown, serializers.ModelSerializer[Task]):
    """A task, with the crops of it that the caller may see."""

    organelles = serializers.SerializerMethodField()
    crop_count = serializers.IntegerField(read_only=True)
    url = serializers.SerializerMethodField()
    crops = CropNameSerializer(many=True, read_only=True)

    class Meta:
        model = Task
        fields = ["name", "title", "description", "organelles", "crop_count", "url", "crops"]

    def get_organelles(self, task: Task) -> list[str]:
        return [organelle.short_name for organelle in task.organelles.all()]

    def get_url(self, task: Task) -> str:
        request: Request = self.context["request"]
        return request.build_absolute_uri(reverse("api:task", kwargs={"name": task.name}))


def _find(rows: QuerySet[Task], classes: Any) -> QuerySet[Task]:
    return rows.filter(pk__in=Task.objects.filter(organelles__in=classes).values("pk"))


class TaskList(ListView):
    """All tasks, by name."""

    serializer = TaskSerializer
    order = (Key("name", read_text),)
    filters: ClassVar[tuple[Filter, ...]] = (
        organelle(_find, description="In which the class, or what is part of it, is to be found"),
    )
    expansions: ClassVar[Loads] = {"crops": []}

    def rows(self, request: Request, **named: Any) -> QuerySet[Task]:
        rows = visible_tasks(request.user)
        is_whole = "crops" in self.chosen(request)["shown"]
        return rows.prefetch_related(load_crops(request.user)) if is_whole else rows


class TaskDetail(CatalogueView):
    """One task with its ground truth."""

    serializer = TaskSerializer

    def get(self, request: Request, name: str) -> Response:
        return self.one(request, find_task(name, request.user))
