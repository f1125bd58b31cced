"""The recipes there are, by name. Rooms above this one add theirs when they are loaded."""

from collections.abc import Sequence

from datasets.catalogue.queries.visibility import Deed
from datasets.processing.recipe import For, Recipe, RecipeUnknown

MANIFEST = Recipe(
    name="manifest",
    title="The SHA-256 of every object",
    module="datasets.processing.recipes.manifest",
    of=For.PUBLISHED,
    deed=Deed.ADMINISTER,
)
PYRAMID = Recipe(
    name="pyramid",
    title="Coarser levels that are missing",
    module="datasets.processing.recipes.pyramid",
    of=For.DRAFTS,
    parameters={"path": (str, "The path of one volume; none: all of them")},
)
COPY = Recipe(
    name="copy",
    title="Copies in the portal's own root",
    module="datasets.processing.recipes.copy",
    of=For.DRAFTS,
)
CONTRAST = Recipe(
    name="contrast",
    title="Grey values to show images between",
    module="datasets.processing.recipes.contrast",
    of=For.DRAFTS,
    parameters={"path": (str, "The path of one image; none: all of them")},
)
AUDIT = Recipe(
    name="audit",
    title="Are the objects what they were?",
    module="datasets.processing.recipes.audit",
    of=For.PUBLISHED,
)
RECHUNK = Recipe(
    name="rechunk",
    title="Chunks that browsers read well",
    module="datasets.processing.recipes.rechunk",
    of=For.DRAFTS,
    parameters={"path": (str, "The path of one volume; none: all that need it")},
)
_recipes: dict[str, Recipe] = {it.name: it for it in (AUDIT, CONTRAST, COPY, MANIFEST, PYRAMID, RECHUNK)}


def register(recipe: Recipe) -> None:
    """Add a recipe; the same one twice is no matter."""
    assert _recipes.setdefault(recipe.name, recipe) is recipe, f"two recipes are called {recipe.name}"


def all_recipes() -> Sequence[Recipe]:
    """By name."""
    return [_recipes[name] for name in sorted(_recipes)]


def get_recipe(name: str) -> Recipe:
    """The recipe called ``name``.

    Raises:
        RecipeUnknown
    """
    if name not in _recipes:
        raise RecipeUnknown(f"No recipe is called {name!r}", where=name, fix=f"There is: {', '.join(sorted(_recipes))}")
    return _recipes[name]
