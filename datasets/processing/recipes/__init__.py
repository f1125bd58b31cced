"""The recipes there are, by name. Rooms above this one add theirs when they are loaded."""

from collections.abc import Sequence

from datasets.processing.recipe import Recipe, RecipeUnknown

_recipes: dict[str, Recipe] = {}


def register(recipe: Recipe) -> None:
    """Add a recipe; the same one twice is no matter."""
    assert _recipes.setdefault(recipe.name, recipe) is recipe, f"two recipes are called {recipe.name}"


def register_own() -> None:
    """Those of this room."""
    from datasets.processing.recipes import manifest, pyramid

    for recipe in (manifest.RECIPE, pyramid.RECIPE):
        register(recipe)


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
