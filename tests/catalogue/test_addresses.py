"""Addresses that are written are those that the routes say."""

from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from datasets.catalogue.addresses import layer_url, volume_url
from datasets.catalogue.models import Dataset, DatasetVersion, Volume
from datasets.catalogue.models.volume import Kind

PATHS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1)


@given(path=PATHS | st.just("a b/%2f?#&;é/"), kind=st.sampled_from(Kind.values), number=st.none() | st.integers(1, 999))
def test_a_volumes_addresses_are_its_routes(path: str, kind: str, number: int | None) -> None:
    version = DatasetVersion(dataset=Dataset(name="cell"), number=number)
    volume = Volume(path=path, kind=kind)
    named = {"ref": str(version), "path": path}
    page = "segmentation" if kind in {"segmentation", "mask"} else "volume"
    assert layer_url(version, volume) == reverse(f"catalogue:{page}", kwargs=named)
    assert volume_url(version, volume) == reverse("api:volume", kwargs=named)
