"""What a version says, loaded by SQL that was made for another one."""

import pytest
from pytest_django import DjangoAssertNumQueries

from datasets.catalogue.actions.versions import freeze, revise
from datasets.catalogue.models import DatasetVersion
from datasets.catalogue.queries.datasets import load_content
from tests.catalogue.test_versions import everything

NAMES = ("volumes", "mounts", "views", "publications", "contributions", "affiliations")
OF_VOLUMES = ("transforms", "external_meshes")


@pytest.mark.django_db
def test_each_version_has_its_own_rows_and_they_are_asked_for_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = freeze(draft=everything(), by=None)
    second = revise(dataset=first.dataset, by=None)
    for version in (first, second):
        loaded = DatasetVersion.objects.select_related("specimen").get(pk=version.pk)
        load_content(loaded)
        with django_assert_num_queries(0):
            found = said(loaded)
        assert found == said(DatasetVersion.objects.get(pk=version.pk))
        assert all(found.values())


def said(version: DatasetVersion) -> dict[str, list[object]]:
    """The rows by name, in their order."""
    volumes = list(version.volumes.all())
    segmentations = [it.segmentation for it in volumes if hasattr(it, "segmentation")]
    return {
        **{name: list(getattr(version, name).all()) for name in NAMES},
        **{name: [row for it in volumes for row in getattr(it, name).all()] for name in OF_VOLUMES},
        "coverage": [row for it in segmentations for row in it.coverage.all()],
        "terms": list(version.specimen.terms.all()),
    }
