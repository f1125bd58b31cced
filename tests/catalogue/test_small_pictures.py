"""Pictures in the widths that pages show: answered as the whole is, which stands alone where nothing else was made."""

import re

from django.test import Client

from datasets.catalogue.models import Dataset, DatasetVersion
from datasets.catalogue.pictures import read_picture
from datasets.catalogue.slices import picture_of

EM = "/datasets/small-cell@1/pictures/em"


def test_they_are_answered_as_the_whole_is_and_named_by_pages(client: Client, small_cell: DatasetVersion) -> None:
    answer = client.get(f"{EM}.320.webp")
    assert answer.content == read_picture(small_cell, "em.320")
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/webp", "public, max-age=3600")
    assert client.get(f"{EM}.321.webp").status_code == 404

    first, over = re.findall(r"<img src=.*?>", client.get("/datasets/").content.decode())
    assert re.findall(r" (\d+)w", first) == ["320", "640", "960", "1200"]
    assert 'fetchpriority="high"' in first
    assert 'class="over"' in over
    assert all('width="1200" height="750"' in it for it in (first, over))
    assert ["lazy" in it for it in (first, over)] == [False, True]


def test_what_an_earlier_release_has_made_is_shown_as_it_is() -> None:
    version = DatasetVersion(dataset=Dataset(name="small-cell"), number=1)
    assert picture_of(version, "em", {"em"}).srcset == ""
    assert picture_of(version, "em", {"em"}).url == f"{EM}.webp"
    assert picture_of(version, "em", {"em", "em.320"}).srcset == f"{EM}.320.webp 320w, {EM}.webp 1200w"
    assert not picture_of(version, "em", {"em.320"})
