"""A home that is hard on every page: what is long, what is many, what is missing, and other scripts than Latin.

``CISTERNA_HOME=… python tests/screenshots/ugly.py`` writes it; ``run.py`` shows it. Everything is published as
curators do, but for what only the administration writes.
"""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
if str(CHECKOUT) not in sys.path:
    sys.path.insert(0, str(CHECKOUT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

PASSWORD = "lovelace"
USER = "a-name-of-thirty-letters-or-so"
LINK = "2345678923"
LONG = (
    "An unreasonably thorough title, as laboratories write them: three-dimensional ultrastructure of high-pressure "
    "frozen, freeze-substituted murine pancreatic islets during prolonged starvation"
)
WORD = "HyperpolyphosphoribosyldephosphotransglutaminaseoverexpressionconstructpGK1472bisneomycinresistant"
ARABIC = "خلية هيلا في الطور البيني: بيانات مجهرية ثلاثية الأبعاد (FIB-SEM) بدقة 4 nm"
SENTENCE = "Cells were frozen within two minutes after dissection, and nobody looked at them before they were thin. "
ORGANELLES = ("mito", "er", "golgi", "nuc", "pm", "lyso", "mt", "ribo", "ld", "ves")


def main() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from portal.config import Config

    call_command("migrate", verbosity=0)
    own = Path(next(root for root in Config.from_env().roots if root.is_own).url.removeprefix("file://"))
    publish_datasets(own)
    write_research()
    write_people()


def publish_datasets(own: Path) -> None:
    """Seven of them: with everything, with nothing, right to left, elsewhere's words, retired, private, and a draft."""
    from datasets.catalogue.actions.versions import revise
    from datasets.catalogue.models import Dataset, DatasetVersion, State
    from tests.samples import em_levels, label_levels, write_image

    data = own / "ugly"
    write_image(data / "em", em_levels(), voxel_nm=(8, 8, 8), chunk=64)
    labels = write_image(data / "labels" / "00", label_levels(), voxel_nm=(8, 8, 8), chunk=64)
    for n in range(1, 80):
        shutil.copytree(labels, data / "labels" / f"{n:02}")
    publish(everything())
    bare = {"data": "own:ugly", "licence": "CC0-1.0", "acquisition": {"method": "other"}, "visibility": "public"}
    em = {"path": "em", "kind": "em", "title": "em"}
    publish(bare | {"name": "bare", "title": "x", "volumes": [em]})
    shutil.rmtree(own / "pictures" / DatasetVersion.objects.get(dataset__name="bare").record_digest)
    publish(bare | {"name": "right-to-left", "title": ARABIC, "description": f"{ARABIC}. " * 4, "volumes": [em],
                    "specimen": {"organism": "إنسان", "sample": "خلية هيلا"}, "keywords": ["هيلا", "ميتوكوندريا"],
                    "contributions": [{"name": "سعاد محمد العلي", "roles": ["Data curation"]}]})  # fmt: skip
    publish(bare | {"name": "markup", "title": '<b>5 < 6 & "7"</b> {{ title }}', "volumes": [em]})
    publish(bare | {"name": "retired", "title": LONG, "volumes": [em]})
    DatasetVersion.objects.filter(dataset__name="retired").update(state=State.RETIRED, retired_reason=SENTENCE * 3)
    publish(bare | {"name": "secret", "title": "Nobody's", "volumes": [em], "visibility": "private"})
    revise(dataset=Dataset.objects.get(name="everything"), by=None)


def publish(document: dict[str, Any]) -> None:
    from datasets.publishing.actions import publish
    from datasets.publishing.specification import check_specification

    publish(specification=check_specification(document), base=Path(), by=None)


def everything() -> dict[str, Any]:
    """The longest of all, and eighty layers."""
    volumes: list[dict[str, Any]] = [{"path": "em", "kind": "em", "title": LONG[:180], "description": SENTENCE * 12}]
    for n in range(80):
        found = {"organelle": ORGANELLES[n % 10], "found": "absent" if n % 7 == 6 else "present"}
        made = {"type": "instance", "method": "model" if n % 3 else "manual", "method_detail": LONG}
        made |= {"organelles": [found]} if n % 2 else {"subject": WORD}
        volumes.append({"path": f"labels/{n:02}", "kind": "segmentation", "segmentation": made,
                        "title": (WORD, f"Labels {n}", ARABIC)[n % 3], "description": SENTENCE * (n % 4)})  # fmt: skip
    place = [220, 190, 160]
    views = [
        {"name": f"view-{n}", "title": (LONG, "Here")[n % 2], "description": SENTENCE * (n % 5),
         "layers": ["em", f"labels/{n:02}"], "position_nm": place}
        for n in range(14)
    ]  # fmt: skip
    return {
        "name": "everything",
        "title": LONG,
        "description": SENTENCE * 30 + WORD,
        "licence": "CC-BY-4.0",
        "visibility": "public",
        "data": "own:ugly",
        "credit": SENTENCE * 8 + "https://example.org/" + "a-long-address/" * 12,
        "keywords": [WORD[:80], *(f"keyword {n}" for n in range(40))],
        "contact_name": LONG,
        "contact_email": f"{'a' * 60}@example.org",
        "specimen": {"organism": "Mus musculus domesticus × castaneus", "ncbi_taxon": 10090, "sample": LONG,
                     "tissue": WORD, "treatment": LONG, "preparation": SENTENCE * 20},
        "acquisition": {"method": "FIB-SEM", "instrument": LONG, "description": SENTENCE * 10, "voltage_kv": 1.2,
                        "current_na": 0.000_25, "scan_rate_mhz": 1.25, "duration_days": 412.5},
        "volumes": volumes,
        "views": views,
        "publications": [
            {"doi": f"10.1234/{'a' * 60}.{n}", "title": LONG, "citation": SENTENCE * 3} for n in range(12)
        ],
        "contributions": [
            {"name": f"{('Ada', 'سعاد', 'Wolfeschlegelsteinhausenbergerdorff')[n % 3]} {n}",
             "roles": ["Data curation", "Writing – original draft", "Funding acquisition"], "organization": LONG}
            for n in range(40)
        ],
    }  # fmt: skip


def write_research() -> None:
    """A model, a task and a collection of everything, each named as the walk over the pages names it."""
    from datasets.catalogue.models import (
        Collection,
        CollectionMember,
        Crop,
        CropCoverage,
        Dataset,
        DatasetVersion,
        Model,
        ModelRun,
        ModelVersion,
        OrganelleClass,
        Segmentation,
        StateLink,
        Task,
    )
    from datasets.catalogue.search.indexing import rebuild
    from tests.portal.world import SHARED_BY_ALL as NAME

    draft = DatasetVersion.objects.get(dataset__name="everything", state="draft")
    classes = list(OrganelleClass.objects.filter(short_name__in=ORGANELLES))
    model = Model.objects.create(
        name=NAME, title=LONG[:190], description=SENTENCE * 10, architecture=WORD, licence="BSD-3-Clause",
        code_url="https://example.org/" + "a-long-address/" * 12,
    )  # fmt: skip
    trained = [ModelVersion.objects.create(model=model, label=f"{n}.0-{WORD[:30]}", rank=n) for n in range(4)]
    box = {f"voxel_{a}_nm": 8 for a in "xyz"} | {f"translation_{a}_nm": 80 for a in "xyz"} | {
        f"shape_{a}": 40 for a in "xyz"}  # fmt: skip
    task = Task.objects.create(name=NAME, title=LONG[:190], description=SENTENCE * 6)
    task.organelles.set(classes)
    for n in range(60):
        crop = Crop.objects.create(version=draft, name=f"{n}", use=("train", "test")[n % 2], **box)
        for organelle in classes[: n % 10]:
            CropCoverage.objects.create(crop=crop, organelle=organelle, found=("absent", "present")[n % 2])
        trained[n % 4].training_crops.add(crop)
        task.crops.add(crop)
    runs = [
        ModelRun.objects.create(model_version=version, name=f"run-{n}", program=LONG, parameters={"iterations": n})
        for n, version in enumerate(trained)
    ]
    for n, segmentation in enumerate(Segmentation.objects.filter(volume__version=draft, method="model")):
        segmentation.run = runs[n % 4]
        segmentation.save()
    collection = Collection.objects.create(name=NAME, title=LONG[:190], description=SENTENCE * 6)
    for dataset in Dataset.objects.all():
        CollectionMember.objects.create(collection=collection, dataset=dataset)
    from datasets.catalogue.actions.versions import freeze

    freeze(draft=draft, by=None)
    StateLink.objects.create(
        id=LINK, state={"layers": [{"name": "em", "source": "zarr://http://elsewhere.example.org/data/gone@1/em/"}]},
        digest="0" * 64, sources=["gone@1"],
    )  # fmt: skip
    rebuild()


def write_people() -> None:
    """Somebody who may do everything and holds many tokens."""
    import datetime as dt

    from datasets.catalogue.actions.tokens import create_api_token
    from portal.accounts.models import User

    user = User.objects.create_superuser(USER, password=PASSWORD)
    for n in range(12):
        create_api_token(
            username=user.username,
            label=(LONG, WORD)[n % 2][:80],
            scope="read",
            lifetime=dt.timedelta(days=30),
            by=user,
        )


if __name__ == "__main__":
    main()
