"""The importing guide, executed: its files are imported by its commands, in its order."""

import json
import re
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from datasets.catalogue.models import DatasetVersion
from datasets.publishing.imports.openorganelle.export import export

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "importing.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()
]  # fmt: skip
(MANIFEST,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
(TABLE,) = re.findall(r"```csv\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.django_db
def test_its_commands_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("manifests/fish-1/manifest.json", MANIFEST), ("ground-truth/train_crop_manifest.csv", TABLE)):
        assert name in GUIDE
        (path := tmp_path / name).parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(command: str) -> str:
        assert command.startswith("python manage.py ")
        call_command(*command.split()[2:], stdout=(out := StringIO()))
        return out.getvalue()

    tried, imported, crops = COMMANDS
    assert "nothing was changed" in run(tried)
    assert not DatasetVersion.objects.exists()
    told = run(imported)
    for words in ("taken: ", "mapped: Zebrafish → Danio rerio", "mapped: probability of er_mem", "kept: "):
        assert words in told
    assert export(DatasetVersion.objects.get()) == json.loads(MANIFEST)
    told = run(crops)
    assert "fish-1@2: imported: 1 crops, 2 annotated classes" in told
    assert "fish-2@1: imported" in told
    assert "2 datasets: 2 unchanged" in run(crops)
    assert "1 datasets: 1 unchanged" in run(imported)
