"""What stands beside datasets in the words of schema.org: classes, models, people, publications, collections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datasets.catalogue.addresses import doi_url, web_url
from datasets.catalogue.discovery.linked_data import (
    Node,
    catalogue_node,
    licence_value,
    node,
    organization_node,
    page_url,
)
from datasets.catalogue.models import Collection, DatasetVersion, Model, ModelVersion, OrganelleClass, Person
from datasets.catalogue.pages.parts import go_url
from datasets.catalogue.queries.publications import NamedPublication

WORKS = {"paper": "ScholarlyArticle", "data": "Dataset", "software": "SoftwareSourceCode"}
"""The types of publications, by their kind."""


def term_node(organelle: OrganelleClass, site_url: str, *, synonyms: bool = False) -> Node:
    """An organelle class, with the term of the Gene Ontology that it is; lists do not load its synonyms."""
    address = page_url(site_url, "organelle", short_name=organelle.short_name)
    term = organelle.go_id
    return node(
        "DefinedTerm",
        {
            "@id": address,
            "name": organelle.long_name,
            "alternateName": [organelle.short_name, *(organelle.synonyms if synonyms else ())],
            "url": address,
            "termCode": term,
            "sameAs": [f"http://purl.obolibrary.org/obo/{term.replace(':', '_')}", go_url(term)] if term else [],
            "inDefinedTermSet": page_url(site_url, "organelles"),
        },
    )


def model_node(model: Model, site_url: str, versions: Sequence[ModelVersion] = ()) -> Node:
    """A model that everyone may know of; the first of its ``versions`` is the newest."""
    address = page_url(site_url, "model", name=model.name)
    return node(
        "SoftwareSourceCode",
        {
            "@id": address,
            "name": model.title,
            "description": model.description,
            "url": address,
            "codeRepository": web_url(model.code_url),
            "license": licence_value(model.licence),
            "version": versions[0].label if versions else "",
            "keywords": [model.architecture] if model.architecture else [],
            "sourceOrganization": organization_node(model.organization) if model.organization else None,
        },
    )


def person_node(person: Person, site_url: str) -> Node:
    """Somebody who contributed to what everyone may see."""
    address = page_url(site_url, "person", number=person.pk)
    orcid = f"https://orcid.org/{person.orcid}" if person.orcid else ""
    return node("Person", {"@id": orcid or address, "name": person.name, "url": address, "sameAs": orcid})


def collection_node(collection: Collection, versions: Iterable[DatasetVersion], site_url: str) -> Node:
    """A collection, and those of its datasets that stand on its page."""
    address = page_url(site_url, "collection", name=collection.name)
    parts = [(page_url(site_url, "dataset", ref=str(it)), it.title) for it in versions]
    return node(
        "Collection",
        {
            "@id": address,
            "name": collection.title,
            "description": collection.description,
            "url": address,
            "sameAs": doi_url(collection.doi) or web_url(collection.url),
            "creator": organization_node(collection.organization) if collection.organization else None,
            "isPartOf": catalogue_node(site_url),
            "hasPart": [node("Dataset", {"@id": part, "name": title, "url": part}) for part, title in parts],
        },
    )


def publications_node(groups: Iterable[Sequence[NamedPublication]]) -> Node:
    """The publications of a page, each as the first of its datasets names it."""
    rows = [(doi_url(it.doi) or web_url(it.url), it) for it in (group[0] for group in groups)]
    return node(
        "ItemList",
        itemListElement=[
            node(
                "ListItem",
                position=place,
                item=node(WORKS[it.kind], {"@id": address, "name": it.title, "url": address}),
            )
            for place, (address, it) in enumerate(rows, 1)
        ],
    )


def reference_to(described: Node) -> Node:
    """The same, by its identifier and name alone."""
    return {name: described[name] for name in ("@type", "@id", "name")}
