"""Datasets in every state and visibility, and everyone who may ask for them.

Every word of theirs (names, titles, paths) is a *token*, of one length and unlike anything a page says by itself: so a
scan of an answer finds what it tells, and two answers can be compared with the tokens taken out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from datasets.catalogue.actions.tokens import create_share_token
from datasets.catalogue.models import (
    Acquisition,
    Collection,
    CollectionMember,
    Contribution,
    Crop,
    CropCoverage,
    Dataset,
    DatasetVersion,
    Membership,
    Model,
    ModelRun,
    ModelVersion,
    Mount,
    OrganelleClass,
    Organization,
    Person,
    Publication,
    Role,
    Segmentation,
    Selection,
    Specimen,
    State,
    StateLink,
    Task,
    View,
    Visibility,
    Volume,
)
from datasets.catalogue.models.links import ALPHABET, IDENTIFIER_LENGTH
from datasets.catalogue.pictures import picture_key
from datasets.catalogue.search.indexing import rebuild
from datasets.processing.models import Job

TOKEN = re.compile(r"q[0-9a-f]{14}")
STATES = (
    "draft",
    "submitted",
    "in review",
    "published",
    "published, with a draft",
    "retired",
    "retired for a newer",
    "retired for a secret",
)
VISIBILITIES = ("public", "embargo ended", "embargoed", "embargoed without end", "private")
ROLES = tuple(Role.values)
REVIEWER, TOKEN_OF_VIEWER = "reviewer with cookies", "token of viewer"
CALLERS = (
    *("stranger", "account", "staff", *ROLES, "member of organization", "inactive owner", "operator"),
    *(REVIEWER, TOKEN_OF_VIEWER),
)


def token(*parts: object) -> str:
    return "q" + hashlib.sha256(repr(parts).encode()).hexdigest()[:14]


SECRET = token("secret")
"""The private dataset of nobody, for which others were retired."""
SAYS = ("title", "description", "organism", "person", "cell", "crop", "run", "paper")
SHARED_BY_ALL = "shared-by-all"
"""The model, task and collection that every dataset of the world has to do with, each its own part."""


def words_of_secret() -> set[str]:
    """What the operator alone reads of :data:`SECRET`."""
    return {SECRET, *(token(SECRET, "1", kind) for kind in (*SAYS, "volume", "segmentation", "view"))}


def link_identifier(*parts: object) -> str:
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:IDENTIFIER_LENGTH])


@dataclass(frozen=True)
class Words:
    """What the addresses below one version are made of."""

    name: str
    volume: str
    segmentation: str
    view: str
    link: str

    @classmethod
    def of(cls, name: str, label: str | None) -> Words:
        return cls(name, *(token(name, label, kind) for kind in ("volume", "segmentation", "view")),
                   link_identifier(name, label))  # fmt: skip


@dataclass
class Case:
    """One dataset of the world, and what is expected of it."""

    state: str
    visibility: str
    parity: int
    name: str
    share: str = ""
    """A share token of the dataset."""

    tokens: dict[str, set[str]] = field(default_factory=dict)
    """What a version says, by its label."""

    @property
    def is_public(self) -> bool:
        return self.visibility in ("public", "embargo ended") and bool(self.labels - {"draft"})

    @property
    def labels(self) -> set[str]:
        return set(self.tokens)

    @property
    def retired(self) -> set[str]:
        return {"1"} if self.state.startswith("retired") else set()

    @property
    def newest(self) -> str | None:
        """The label of the version that an address without one leads to, drafts aside."""
        numbered = self.labels - {"draft"}
        return max(numbered - self.retired, default=max(numbered, default=None))

    def is_opened_to(self, caller: str) -> bool:
        if caller in ("operator", self.share):
            return True
        return caller in (*ROLES, "member of organization", REVIEWER) and self.parity == parity_of(caller)

    def is_known_to(self, caller: str) -> bool:
        return self.is_public or self.is_opened_to(caller)

    def status(self, caller: str, label: str | None) -> int:
        """What http.md's table answers to ``caller``; a share token is a caller, too."""
        if not self.is_known_to(caller):
            return 404
        if label is None:
            label = self.newest or "draft"
        if label not in self.labels or (label == "draft" and not self.is_opened_to(caller)):
            return 404
        return 410 if label in self.retired else 200

    def told_to(self, caller: str) -> set[str]:
        """The tokens that ``caller`` may read."""
        if not self.is_known_to(caller):
            return set()
        told = {self.name}
        for label, tokens in self.tokens.items():
            if label != "draft" or self.is_opened_to(caller):
                told |= tokens
        return told


def parity_of(caller: str) -> int:
    """Each member is one of every second dataset, so that all combinations occur with and without membership."""
    return CALLERS.index(caller) % 2


def seen_as(caller: str, path: str) -> str:
    """As whom ``caller`` is answered there: a token is known to the API and the data plane, pages know no tokens."""
    if caller == TOKEN_OF_VIEWER:
        return "viewer" if path.startswith(("/api/", "/data/")) else "stranger"
    return caller


def build(folder: Path, own: Path) -> list[Case]:
    """Write the world: rows, files below ``folder`` (the root ``data``), pictures below ``own``."""
    users = get_user_model().objects
    accounts = {
        caller: users.create(
            username=caller.replace(" ", "-"),
            is_active=True,
            is_staff=caller in ("staff", "operator"),
            is_superuser=caller == "operator",
        )
        for caller in CALLERS
        if caller not in ("stranger", REVIEWER, TOKEN_OF_VIEWER)
    }
    organizations = [Organization.objects.create(name=f"org-{parity}", title=token("org", parity)) for parity in (0, 1)]
    # One object, the voxels of which are read for some answers.
    zarr.create_array(folder / "template" / "0", data=np.ones((10, 10, 10), "uint8"), chunks=(10, 10, 10))
    member = "member of organization"
    Membership.objects.create(user=accounts[member], role=Role.VIEWER, organization=organizations[parity_of(member)])
    _write_shared()
    secret = Dataset.objects.create(name=SECRET, visibility=Visibility.PRIVATE)
    successor = _write_version(secret, "1", folder, own)[0]
    CollectionMember.objects.create(collection=Collection.objects.get(), dataset=secret)
    cases = []
    # Unpaired diagonals: both parities meet every state and every visibility.
    for (row, state), (column, visibility) in itertools.product(enumerate(STATES), enumerate(VISIBILITIES)):
        parity = (row + column) % 2
        dataset = _write_dataset(state, visibility, organizations[parity])
        CollectionMember.objects.create(collection=Collection.objects.get(), dataset=dataset)
        case = Case(state, visibility, parity, dataset.name)
        for label, version in _write_versions(case, dataset, successor, folder, own):
            case.tokens[label] = version
        for caller in (*ROLES, "inactive owner"):
            if parity == parity_of(caller):
                role = "owner" if caller == "inactive owner" else caller
                Membership.objects.create(user=accounts[caller], role=role, dataset=dataset)
        case.share = create_share_token(dataset=dataset.name, label="", lifetime=dt.timedelta(days=1), by=None).secret
        cases.append(case)
    rebuild()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # as every database does by itself, but not within a transaction
    return cases


def _write_dataset(state: str, visibility: str, organization: Organization) -> Dataset:
    day = dt.timedelta(days=1)
    end = {"embargo ended": timezone.now() - day, "embargoed": timezone.now() + day}.get(visibility)
    kind = visibility if visibility in Visibility.values else Visibility.EMBARGOED
    return Dataset.objects.create(
        name=token("name", state, visibility), visibility=kind, embargo_until=end, organization=organization
    )


def _write_versions(
    case: Case, dataset: Dataset, secret: DatasetVersion, folder: Path, own: Path
) -> Iterator[tuple[str, set[str]]]:
    if case.state in ("draft", "submitted", "in review"):
        draft, tokens = _write_version(dataset, "draft", folder, own)
        DatasetVersion.objects.filter(pk=draft.pk).update(state=case.state.replace(" ", "_"))
        yield "draft", tokens
        return
    first, tokens = _write_version(dataset, "1", folder, own)
    successor = None
    if case.state == "retired for a newer":
        successor, newer = _write_version(dataset, "2", folder, own)
        yield "2", newer
    if case.state == "published, with a draft":
        yield "draft", _write_version(dataset, "draft", folder, own)[1]
    if case.state.startswith("retired"):
        reason = token(dataset.name, "reason")
        tokens.add(reason)
        DatasetVersion.objects.filter(pk=first.pk).update(
            state=State.RETIRED,
            retired_reason=reason,
            successor=secret if case.state == "retired for a secret" else successor,
        )
    yield "1", tokens


def _write_version(dataset: Dataset, label: str, folder: Path, own: Path) -> tuple[DatasetVersion, set[str]]:
    words = Words.of(dataset.name, label)
    says = {kind: token(dataset.name, label, kind) for kind in SAYS}
    version = DatasetVersion.objects.create(
        dataset=dataset, title=says["title"], description=says["description"], licence="CC0-1.0"
    )
    Specimen.objects.create(version=version, organism=says["organism"], sample=says["cell"])
    Acquisition.objects.create(version=version, method="FIB-SEM")
    Contribution.objects.create(version=version, person=Person.objects.create(name=says["person"]), roles=[])
    for rank, path in enumerate((words.volume, words.segmentation)):
        _write_volume(version, rank, path)
        Mount.objects.create(version=version, path=path, root="data", key=path)
        shutil.copytree(folder / "template", folder / path)
        (folder / path / "zarr.json").write_text(f'{{"attributes": "{says["title"]}"}}')
    _write_ground_truth(version, says)
    View.objects.create(
        version=version, name=words.view, title=words.view, layers=[words.volume], position_nm=[1.0, 1.0, 1.0]
    )
    if label != "draft":
        version.number, version.state, version.frozen_at = int(label), State.PUBLISHED, timezone.now()
        version.record, version.record_digest = "{}", hashlib.sha256(f"{dataset.name}@{label}".encode()).hexdigest()
        version.save()
        for name in ("em", "em.320", f"view-{words.view}"):
            picture = own / picture_key(version, name)
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(says["title"].encode())
    source = f"zarr://http://testserver/data/{dataset.name}@{label}/{words.volume}/"
    StateLink.objects.create(
        id=words.link,
        state={"layers": [{"name": words.volume, "source": source}]},
        digest=hashlib.sha256(words.link.encode()).hexdigest(),
        sources=[f"{dataset.name}@{label}"],
    )
    Job.objects.create(recipe="manifest", subject=f"{dataset.name}@{label}", version=version, dataset=dataset)
    if label != "draft":  # which is never selected
        Selection.objects.create(
            id=words.link,
            layers=[f"{dataset.name}@{label}/{words.volume}"],
            digest=hashlib.sha256(words.link.encode()).hexdigest(),
        )
    return version, {*says.values(), words.volume, words.segmentation, words.view}


def _write_shared() -> None:
    model = Model.objects.create(name=SHARED_BY_ALL, title="A model")
    ModelVersion.objects.create(model=model, label="1")
    task = Task.objects.create(name=SHARED_BY_ALL, title="A task")
    task.organelles.add(OrganelleClass.objects.get(short_name="mito"))
    Collection.objects.create(name=SHARED_BY_ALL, title="A collection")


def _write_ground_truth(version: DatasetVersion, says: dict[str, str]) -> None:
    """A crop that a model was trained on and a task asks for, a run that made the segmentation, a paper of all this."""
    box = {f"{name}_{axis}{unit}": 4 for name, unit in (("voxel", "_nm"), ("translation", "_nm"), ("shape", ""))
           for axis in "xyz"}  # fmt: skip
    crop = Crop.objects.create(version=version, name=says["crop"], **box)
    CropCoverage.objects.create(crop=crop, organelle=OrganelleClass.objects.get(short_name="mito"))
    trained = ModelVersion.objects.get(model__name=SHARED_BY_ALL)
    trained.training_crops.add(crop)
    Task.objects.get(name=SHARED_BY_ALL).crops.add(crop)
    run = ModelRun.objects.create(model_version=trained, name=says["run"])
    Segmentation.objects.filter(volume__version=version).update(run=run)
    Publication.objects.create(version=version, title=says["paper"])


def _write_volume(version: DatasetVersion, rank: int, path: str) -> None:
    level: dict[str, Any] = {
        "path": "0",
        "shape": [10, 10, 10],
        "chunk_shape": [10, 10, 10],
        "shard_shape": None,
        "scale_nm": {"z": 4.0, "y": 4.0, "x": 4.0},
        "translation_nm": {"z": 0.0, "y": 0.0, "x": 0.0},
        "codecs": [],
        "size_bytes": 1000,
    }
    volume = Volume.objects.create(
        version=version,
        rank=rank,
        path=path,
        kind="segmentation" if rank else "em",
        title=path,
        ngff_version="0.5",
        zarr_format=3,
        axes=["z", "y", "x"],
        dtype="uint8",
        levels=[level],
        metadata_digest="0" * 64,
        **({} if rank else {"contrast_low": 0.0, "contrast_high": 255.0}),
    )
    if rank:
        Segmentation.objects.create(volume=volume, type="instance", method="manual", subject=path)
