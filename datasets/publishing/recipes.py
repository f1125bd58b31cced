"""Recipes that need to know how data are shown."""

from datasets.processing.recipe import For, Recipe

THUMBNAILS = Recipe(
    name="thumbnails",
    title="Pictures",
    module="datasets.publishing.drawing",
    of=For.PUBLISHED,
    parameters={"again": (bool, "Whether those that exist are drawn anew, in their place: true or false")},
)
