"""Keeping a selection of layers under an address of its own."""

import hashlib
import json

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

from datasets.catalogue.models import Selection
from datasets.catalogue.queries.selections import require_layers


def store_selection(*, layers: object, by: AbstractBaseUser | AnonymousUser) -> Selection:
    """Keep a selection; the same layers again are the same selection.

    Args:
        layers: a list of ``name@version/path``.
        by: who selects; they must be able to see every one.

    Raises:
        SelectionRefused: it is no such list.
        NotFound, VersionRetired: one of them is not there for ``by``.
    """
    checked = require_layers(layers, by)
    digest = hashlib.sha256(json.dumps(checked).encode()).hexdigest()
    return Selection.objects.get_or_create(digest=digest, defaults={"layers": checked})[0]
