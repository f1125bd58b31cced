"""Citations: the sentence, and BibTeX that says the same after BibTeX has read it."""

import json

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from datasets.catalogue.citations import Citation
from datasets.catalogue.models import DatasetVersion

URL = "https://cells.example.org/datasets/a-cell@2/"
TEX = {
    "\\textbackslash{}": "\\",
    "\\textbraceleft{}": "{",
    "\\textbraceright{}": "}",
    "\\textasciitilde{}": "~",
    "\\textasciicircum{}": "^",
    **{f"\\{character}": character for character in "#$%&_"},
}


def cited(**changes: object) -> Citation:
    facts = {"names": ("Ada",), "year": 2026, "title": "A cell", "version": "2", "url": URL, "reference": "a-cell@2"}
    return Citation(**{**facts, **changes})  # type: ignore[arg-type]


def read_bibtex(text: str) -> tuple[str, str, dict[str, str]]:
    """Type, key and fields of one entry, read as BibTeX does: a value ends with the brace that began it."""
    kind, _, rest = text.removeprefix("@").partition("{")
    key, _, rest = rest.partition(",")
    fields = {}
    while "=" in rest.split("}")[0]:
        name, _, rest = rest.partition("=")
        rest = rest.lstrip()
        assert rest[0] == "{"
        depth, end = 0, 0
        for end, character in enumerate(rest):  # noqa: B007 (read after the loop)
            depth += {"{": 1, "}": -1}.get(character, 0)
            if depth == 0:
                break
        assert depth == 0, "braces do not balance"
        fields[name.strip()] = rest[1:end]
        rest = rest[end + 1 :].lstrip(",\n ")
    assert rest.strip() == "}"
    return kind, key, fields


def read_tex(text: str) -> str:
    """What TeX prints of an escaped text; braces that only group are gone."""
    said, at = "", 0
    while at < len(text):
        command = next((it for it in TEX if text.startswith(it, at)), None)
        if command is not None:
            said, at = said + TEX[command], at + len(command)
        else:
            assert text[at] not in "\\#$%&_~^", f"TeX would take {text[at:]!r} for a command"
            said, at = said + ("" if text[at] in "{}" else text[at]), at + 1
    return said


def test_the_sentence_is_in_datacites_form() -> None:
    end = f"Version 2. Cisterna. {URL}"
    assert cited(names=("Ada", "Ben")).text == f"Ada; Ben (2026): A cell. {end}"
    assert cited(names=()).text == f"A cell (2026). {end}"
    assert cited(year=None).text == f"Ada: A cell. {end}"


def test_bibtex_has_an_entry_with_a_key_that_is_allowed() -> None:
    kind, key, fields = read_bibtex(cited(names=("Ada Example", "FlyEM and friends")).bibtex)
    assert (kind, key) == ("misc", "a-cell_v2")
    assert fields == {
        "author": "{Ada Example} and {FlyEM and friends}",
        "title": "{A cell}",
        "year": "2026",
        "version": "2",
        "publisher": "Cisterna",
        "howpublished": "Dataset",
        "url": URL,
    }
    assert read_bibtex(cited(names=(), year=None).bibtex)[2].keys() == {
        "title",
        "version",
        "publisher",
        "howpublished",
        "url",
    }


text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=80)


@given(title=text, name=text)
@example(title="50 % of {mito} & ER_mem #1 ~ \\alpha^2 $x$ }", name="{")
def test_bibtex_says_what_was_meant_whatever_was_written(title: str, name: str) -> None:
    _, _, fields = read_bibtex(cited(title=title, names=(name,)).bibtex)
    assert read_tex(fields["title"]) == " ".join(title.split())
    assert read_tex(fields["author"]) == " ".join(name.split())


@pytest.mark.django_db
def test_bibtex_has_an_address(client: Client, small_cell: DatasetVersion) -> None:
    answer = client.get("/datasets/small-cell/metadata.bibtex")
    assert answer["Content-Type"] == "application/x-bibtex; charset=utf-8"
    _, key, fields = read_bibtex(answer.content.decode())
    assert key == "small-cell_v1"
    assert fields["author"] == "{Ada Example}"
    assert fields["url"] == "http://testserver/datasets/small-cell@1/"
    assert client.get("/datasets/other/metadata.bibtex").status_code == 404


def test_csl_json_has_the_same_for_reference_managers() -> None:
    assert json.loads(cited(names=("Ada Example", "FlyEM and friends")).csl_json) == [
        {
            "id": "a-cell@2",
            "type": "dataset",
            "title": "A cell",
            "author": [{"literal": "Ada Example"}, {"literal": "FlyEM and friends"}],
            "issued": {"date-parts": [[2026]]},
            "version": "2",
            "publisher": "Cisterna",
            "URL": URL,
        }
    ]
    assert "issued" not in json.loads(cited(year=None).csl_json)[0]
