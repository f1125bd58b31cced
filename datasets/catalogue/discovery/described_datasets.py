"""Datasets and their layers in the words of schema.org."""

from __future__ import annotations

from collections.abc import Container, Iterable

from datasets.catalogue.addresses import doi_url, layer_url, web_url
from datasets.catalogue.citations import PUBLISHER
from datasets.catalogue.discovery.described_terms import WORKS, model_node, reference_to, term_node
from datasets.catalogue.discovery.items import Item, items_of, layer_item
from datasets.catalogue.discovery.linked_data import (
    Node,
    catalogue_node,
    licence_value,
    node,
    organization_node,
    page_url,
)
from datasets.catalogue.models import (
    Collection,
    Contribution,
    Coverage,
    DatasetVersion,
    ModelRun,
    OrganelleClass,
    Publication,
    Segmentation,
    Volume,
)
from datasets.catalogue.models.sample import Method
from datasets.catalogue.pages.layers import describe_values, unpacked_bytes, voxel_size
from datasets.catalogue.pages.parts import acquisition_of, main_volume, specimen_of
from datasets.catalogue.presentation import format_bytes, format_count
from datasets.catalogue.queries.datasets import segmentation_of

LONGEST_TEXT = 5_000
"""Characters of a description that readers of such statements take."""

_MADE = {
    Segmentation.Method.MANUAL: "annotation by hand",
    Segmentation.Method.MODEL: "segmentation by a model",
    Segmentation.Method.PROOFREAD: "segmentation by a model, proofread by people",
}


def dataset_node(
    version: DatasetVersion,
    *,
    site_url: str,
    data_url: str,
    collections: Iterable[Collection] = (),
    people: Container[int] = (),
    picture_url: str = "",
    most_items: int | None = None,
) -> Node:
    """What ``version`` is.

    Args:
        version: with its content loaded.
        site_url: absolute address of the site, without a trailing slash.
        data_url: absolute address of the data plane, ending in ``/data/``.
        collections: those that its dataset belongs to.
        people: the ids of those who have a page that everyone may see.
        picture_url: the path of its picture; empty where it has none.
        most_items: how many downloads are named; all where nothing is said.
    """
    address = version_url(version, site_url)
    volumes = list(version.volumes.all())
    makers = [person_of(it, site_url if it.person_id in people else "") for it in version.contributions.all()]
    institutes = [organization_node(it.organization) for it in version.affiliations.all()]
    return node(
        "Dataset",
        {
            "@id": address,
            "name": version.title,
            "description": (version.description.strip() or version.title)[:LONGEST_TEXT],
            "url": address,
            "identifier": address,
            "version": version.label,
            "license": licence_value(version.licence),
            "creator": makers or institutes,
            "sourceOrganization": institutes if makers else [],
            "creditText": version.credit,
            "publisher": node("Organization", name=PUBLISHER, url=f"{site_url}/"),
            "datePublished": version.frozen_at.date().isoformat() if version.frozen_at else "",
            "keywords": [str(it) for it in version.keywords],
            "about": list(_about(version)),
            **_acquired(version, volumes),
            "variableMeasured": [_variable(it, site_url) for it in _classes_in(volumes)],
            "size": _size(volumes),
            "image": f"{site_url}{picture_url}" if picture_url else "",
            "citation": [_publication(it) for it in version.publications.all()],
            "isAccessibleForFree": True,
            "includedInDataCatalog": catalogue_node(site_url),
            "isPartOf": [
                node("Collection", {"@id": page_url(site_url, "collection", name=it.name), "name": it.title})
                for it in collections
            ],
            "distribution": [
                _download(it) for it in items_of(version, site_url=site_url, data_url=data_url)[:most_items]
            ],
        },
    )


def layer_node(
    version: DatasetVersion,
    volume: Volume,
    *,
    run: ModelRun | None,
    site_url: str,
    data_url: str,
    picture_url: str,
) -> Node:
    """What a layer of ``version`` is; ``run`` made it, as far as everyone may know."""
    segmentation = segmentation_of(volume)
    classes = (
        [it.organelle for it in segmentation.coverage.all() if it.found == Coverage.Found.PRESENT]
        if segmentation
        else []
    )
    address = f"{site_url}{layer_url(version, volume)}"
    what = f"{describe_values(volume)[:1].upper()}{describe_values(volume)[1:]} in {version.title}"
    return node(
        "Dataset",
        {
            "@id": address,
            "name": f"{volume.title}, {version.title}",
            "description": (volume.description.strip() or what)[:LONGEST_TEXT],
            "url": address,
            "identifier": address,
            "version": version.label,
            "license": licence_value(version.licence),
            "datePublished": version.frozen_at.date().isoformat() if version.frozen_at else "",
            "isPartOf": node("Dataset", {"@id": version_url(version, site_url), "name": version.title}),
            "about": [term_node(it, site_url) for it in classes],
            "isBasedOn": reference_to(model_node(run.model_version.model, site_url)) if run else None,
            "measurementTechnique": _MADE[Segmentation.Method(segmentation.method)] if segmentation else "",
            "size": _size([volume]),
            "image": f"{site_url}{picture_url}" if picture_url else "",
            "isAccessibleForFree": True,
            "includedInDataCatalog": catalogue_node(site_url),
            "distribution": [_download(layer_item(version, volume, data_url))],
        },
    )


def version_url(version: DatasetVersion, site_url: str) -> str:
    """The absolute address of the page of ``version``, which is what it is cited as."""
    return page_url(site_url, "dataset", ref=str(version))


def person_of(contribution: Contribution, site_url: str = "") -> Node:
    """Who contributed; with the page here where ``site_url`` is given."""
    person = contribution.person
    orcid = f"https://orcid.org/{person.orcid}" if person.orcid else ""
    page = page_url(site_url, "person", number=person.pk) if site_url else ""
    place = node("Organization", name=contribution.organization) if contribution.organization else None
    return node(
        "Person", {"@id": orcid or page, "name": person.name, "sameAs": orcid, "url": page, "affiliation": place}
    )


def _acquired(version: DatasetVersion, volumes: list[Volume]) -> Node:
    acquisition = acquisition_of(version)
    if acquisition is None or acquisition.method == Method.OTHER:
        return {}
    voxel = voxel_size(main_volume(volumes))
    method = str(acquisition.get_method_display())
    return {
        "measurementTechnique": method,
        "measurementMethod": f"{method}, voxels of {voxel}" if voxel else "",
        "temporalCoverage": acquisition.started_on.isoformat() if acquisition.started_on else "",
    }


def _about(version: DatasetVersion) -> Iterable[Node]:
    specimen = specimen_of(version)
    if specimen.organism:
        taxon = specimen.ncbi_taxon
        address = f"http://purl.obolibrary.org/obo/NCBITaxon_{taxon}" if taxon else ""
        yield node("Taxon", {"name": specimen.organism, "sameAs": address})
    for term in specimen.terms.all() if specimen.pk else ():
        yield node("DefinedTerm", name=term.label, termCode=term.curie)


def _classes_in(volumes: Iterable[Volume]) -> list[OrganelleClass]:
    found: dict[int, OrganelleClass] = {}
    for volume in volumes:
        if segmentation := segmentation_of(volume):
            found |= {
                it.organelle.rank: it.organelle
                for it in segmentation.coverage.all()
                if it.found == Coverage.Found.PRESENT
            }
    return [found[rank] for rank in sorted(found)]


def _variable(organelle: OrganelleClass, site_url: str) -> Node:
    page = page_url(site_url, "organelle", short_name=organelle.short_name)
    return node("PropertyValue", name=organelle.long_name, propertyID=organelle.go_id, url=page)


def _size(volumes: list[Volume]) -> str:
    here = sum(unpacked_bytes(it) for it in volumes)
    layers = format_count(len(volumes), "layer")
    return (f"{layers}, {format_bytes(here)} unpacked" if here else layers).replace("\u00a0", " ") if volumes else ""


def _publication(publication: Publication) -> Node:
    address = doi_url(publication.doi) or web_url(publication.url)
    return node(
        WORKS[publication.kind],
        {"@id": address, "name": publication.title, "url": address, "description": publication.citation},
    )


def _download(item: Item) -> Node:
    return node("DataDownload", name=item.name, contentUrl=item.url, encodingFormat=item.format)
