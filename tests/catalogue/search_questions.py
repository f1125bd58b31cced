"""What people ask a portal of the imported catalogue (OpenOrganelle's 21 datasets, the CellMap challenge's crops, and
the few rows of :data:`BESIDE` for what those do not hold), and what must come first. Written before the search was.

Kinds of results are those of the API. Of each kind that a question names, the first results are exactly those named,
in any order, unless it says ``in_order``. ``leads`` is the kind that stands at the top of the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

MITO = {"jrc_hela-1", "jrc_hela-2", "jrc_hela-bfa", "jrc_macrophage-2", "jrc_mus-liver", "jrc_ctl-id8-2"}
"""Where mitochondria are segmented."""
HELA = {"jrc_hela-1", "jrc_hela-2", "jrc_hela-21", "jrc_hela-3", "jrc_hela-4", "jrc_hela-bfa", "jrc_hela-h89-1"}
FLY = {"jrc_fly-acc-calyx-1", "jrc_fly-fsb-1", "jrc_fly-mb-z0419-20"}
KILLERS = {"jrc_ctl-id8-1", "jrc_ctl-id8-2", "jrc_ctl-id8-3"}
ISLETS = {"jrc_mus-pancreas-1", "jrc_mus-pancreas-2"}
CHALLENGE = {"jrc_mus-liver-zon-1", "jrc_fly-mb-1a", "jrc_cos7-1a", "jrc_zf-cardiac-1"}
"""Some of those that came with crops alone, and are known by their names."""

BESIDE = {
    "people": {"Aubrey Weigel": "A dataset's contributor", "Harald F. Hess": "another", "José Núñez": "a third"},
    "models": {"unet-cellmap": "CellMap U-Net for organelles", "ffn-fib25": "Flood-filling network"},
    "collections": {"first-release": "The portal's first release", "atlas-2021": "An atlas, of which a paper tells"},
    "tasks": {"trace-neurites": "Trace neurites through a volume", "tell-vesicles": "Tell sorts of vesicles apart"},
}

type Kind = Literal[
    "dataset", "segmentation", "organelle", "model", "crop", "publication", "person", "collection", "task"
]
type Sort = Literal["plain", "prefix", "misspelt", "synonym", "parent", "mixed", "nothing"]


@dataclass(frozen=True)
class Question:
    """What somebody types, and what must come of it.

    Args:
        text: what is typed.
        sort: why it is on the list.
        first: by kind, the names of the first results; a segmentation's is ``dataset/path``.
        leads: the kind of results at the top.
        corrected: what the search says it read instead of a word, by that word.
        in_order: whether ``first`` is an order.
        absent: names that must not be found at all.
    """

    text: str
    sort: Sort
    first: Mapping[Kind, set[str] | list[str]] = field(default_factory=dict)
    leads: Kind | None = None
    corrected: Mapping[str, str] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()


QUESTIONS = (
    # Collections and tasks.
    Question("first-release", "plain", {"collection": ["first-release"]}, "collection"),
    Question("atlas 2021", "plain", {"collection": ["atlas-2021"]}, "collection"),
    Question("portal's first release", "plain", {"collection": ["first-release"]}, "collection"),
    Question("frist relase", "misspelt", {"collection": ["first-release"]}, "collection"),
    Question("tracing neurites", "nothing"),
    Question("trace neurit", "prefix", {"task": ["trace-neurites"]}, "task"),
    Question("trace neuritse", "misspelt", {"task": ["trace-neurites"]}, "task"),
    Question("tell vesicles", "plain", {"task": ["tell-vesicles"]}, "task"),
    # By name, whole and in part.
    Question("jrc_hela-2", "plain", {"dataset": ["jrc_hela-2"]}, "dataset"),
    Question("jrc_mus-liver", "plain", {"dataset": ["jrc_mus-liver"]}, "dataset"),
    Question("hela-2", "plain", {"dataset": ["jrc_hela-2"]}, "dataset"),
    Question("hela", "plain", {"dataset": HELA}, "dataset", absent=frozenset({"jrc_sum159-1"})),
    Question("HeLa cell", "plain", {"dataset": HELA - {"jrc_hela-3"}}, "dataset"),
    Question("macrophage", "plain", {"dataset": ["jrc_macrophage-2"]}, "dataset"),
    Question("interphase", "plain", {"dataset": {"jrc_hela-1", "jrc_hela-2"}}, "dataset"),
    Question("killer T-cell", "plain", {"dataset": KILLERS}, "dataset"),
    Question("mushroom body", "plain", {"dataset": ["jrc_fly-mb-z0419-20"]}, "dataset"),
    Question("dauer", "plain", {"dataset": ["jrc_dauer-larva"]}, "dataset"),
    Question("SARS-CoV-2", "plain", {"dataset": ["jrc_ccl81-covid-1"]}, "dataset"),
    Question("pancreatic islets", "plain", {"dataset": ISLETS}, "dataset"),
    Question("oleic acid", "plain", {"dataset": ["jrc_sum159-1"]}, "dataset"),
    Question("ssTEM", "plain", {"dataset": ["jrc_dauer-larva"]}, "dataset"),
    Question("Genentech", "plain", {"dataset": KILLERS}, "dataset"),
    Question("lytic granule", "plain", {"dataset": {"jrc_ctl-id8-1", "jrc_ctl-id8-2", "jrc_ctl-id8-3"}}, "dataset"),
    Question("primary cilium", "plain", {"dataset": ["jrc_mus-pancreas-1"]}, "dataset"),
    Question("spinal cord", "plain", {"dataset": ["jrc_mus-sc-zp104a"]}, "dataset"),
    Question("10.1038/s41586-021-03977-3", "plain", {"publication": ["10.1038/s41586-021-03977-3"]}, "publication"),
    Question("Heinrich", "plain", {"publication": ["10.1038/s41586-021-03977-3"]}, "publication"),
    Question("Weigel Chang 2021", "plain", {"publication": ["10.1016/j.cell.2021.03.035"]}, "publication"),
    Question("mitochondrion", "plain", {"organelle": ["mito"], "dataset": MITO}, "organelle"),
    Question("plasma membrane", "plain", {"organelle": ["pm"]}, "organelle"),
    # Prefixes: while one types.
    Question("mitoch", "prefix", {"organelle": ["mito"], "dataset": MITO}, "organelle"),
    Question("macroph", "prefix", {"dataset": ["jrc_macrophage-2"]}, "dataset"),
    Question("droso", "prefix", {"dataset": FLY}, "dataset"),
    Question("centros", "prefix", {"organelle": ["cent"]}, "organelle"),
    Question("flood-fill", "prefix", {"model": ["ffn-fib25"]}, "model"),
    Question("weig", "prefix", {"person": ["Aubrey Weigel"]}),
    # Misspelt: corrected, and said so.
    Question(
        "mitocondria",
        "misspelt",
        {"organelle": ["mito"], "dataset": MITO},
        "organelle",
        {"mitocondria": "mitochondria"},
    ),
    Question("mitochondira", "misspelt", {"organelle": ["mito"]}, "organelle", {"mitochondira": "mitochondria"}),
    Question("goli", "misspelt", {"organelle": ["golgi"]}, "organelle", {"goli": "golgi"}),
    Question(
        "glogi aparatus", "misspelt", {"organelle": ["golgi"]}, "organelle", {"glogi": "golgi", "aparatus": "apparatus"}
    ),
    Question("nucleous", "misspelt", {"organelle": {"nuc", "nucleo"}}, "organelle"),
    Question("lysosom", "prefix", {"organelle": ["lyso"]}, "organelle"),
    Question("lisosome", "misspelt", {"organelle": ["lyso"]}, "organelle", {"lisosome": "lysosome"}),
    Question("peroxysome", "misspelt", {"organelle": ["perox"]}, "organelle", {"peroxysome": "peroxisome"}),
    Question(
        "endoplasmatic reticulum", "misspelt", {"organelle": ["er"]}, "organelle", {"endoplasmatic": "endoplasmic"}
    ),
    Question("endoplasmic reticulem", "misspelt", {"organelle": ["er"]}, "organelle", {"reticulem": "reticulum"}),
    Question("microtubles", "misspelt", {"organelle": ["mt"]}, "organelle", {"microtubles": "microtubules"}),
    Question("riboosme", "misspelt", {"organelle": ["ribo"]}, "organelle", {"riboosme": "ribosome"}),
    Question("drosphila", "misspelt", {"dataset": FLY}, "dataset", {"drosphila": "drosophila"}),
    Question("macropage", "misspelt", {"dataset": ["jrc_macrophage-2"]}, "dataset", {"macropage": "macrophage"}),
    Question("pancreatc", "prefix", {"dataset": ISLETS}, "dataset", {"pancreatc": "pancreatic"}),
    Question("hepatcyte", "misspelt", {"dataset": {"jrc_mus-liver"}}, "dataset", {"hepatcyte": "hepatocyte"}),
    Question(
        "caenorabditis", "misspelt", {"dataset": ["jrc_dauer-larva"]}, "dataset", {"caenorabditis": "caenorhabditis"}
    ),
    Question("lymphocite", "misspelt", {"dataset": KILLERS}, "dataset", {"lymphocite": "lymphocyte"}),
    Question("plasma membrame", "misspelt", {"organelle": ["pm"]}, "organelle", {"membrame": "membrane"}),
    Question("kindey", "misspelt", {"dataset": {"jrc_mus-kidney"}}, "dataset", {"kindey": "kidney"}),
    Question("Wiegel", "misspelt", {"person": ["Aubrey Weigel"]}, None, {"wiegel": "weigel"}),
    # Synonyms, codes, and terms of ontologies.
    Question("mito", "synonym", {"organelle": ["mito"], "dataset": MITO}, "organelle"),
    Question("mitochondria", "synonym", {"organelle": ["mito"], "dataset": MITO}, "organelle"),
    Question("GO:0005739", "synonym", {"organelle": ["mito"], "dataset": MITO}, "organelle"),
    Question("go 0005794", "synonym", {"organelle": ["golgi"]}, "organelle"),
    Question("ER", "synonym", {"organelle": ["er"]}, "organelle"),
    Question("NPC", "synonym", {"organelle": ["np"]}, "organelle"),
    Question("nuclear pore complex", "synonym", {"organelle": ["np"]}, "organelle"),
    Question("cell membrane", "synonym", {"organelle": ["pm"]}, "organelle"),
    Question("lipid body", "synonym", {"organelle": ["ld"]}, "organelle"),
    Question("insulin granule", "synonym", {"organelle": ["isg"]}, "organelle"),
    Question("erythrocyte", "synonym", {"organelle": ["rbc"]}, "organelle"),
    Question("fruit fly", "synonym", {"dataset": FLY}, "dataset"),
    Question(
        "human",
        "synonym",
        {"dataset": (HELA - {"jrc_hela-3"}) | {"jrc_macrophage-2", "jrc_sum159-1"}},
        "dataset",
        absent=frozenset({"jrc_mus-liver", "jrc_dauer-larva"}),
    ),
    Question("nematode", "synonym", {"dataset": ["jrc_dauer-larva"]}, "dataset"),
    Question("murine", "synonym", {"dataset": ISLETS}, "dataset"),
    Question("brefeldin A", "synonym", {"dataset": ["jrc_hela-bfa"]}, "dataset"),
    Question("coronavirus", "synonym", {"dataset": ["jrc_ccl81-covid-1"]}, "dataset"),
    Question("hepatocyte", "synonym", {"dataset": {"jrc_mus-liver"}}, "dataset"),
    Question(
        "taxon 9606", "synonym", {"dataset": (HELA - {"jrc_hela-3"}) | {"jrc_macrophage-2", "jrc_sum159-1"}}, "dataset"
    ),
    # A parent finds what is part or kind of it.
    Question(
        "cancer cell line", "parent", {"dataset": (HELA - {"jrc_hela-3"}) | {"jrc_sum159-1"} | KILLERS}, "dataset"
    ),
    Question("mammal", "parent", {}, "dataset", absent=frozenset({"jrc_dauer-larva", *FLY})),
    Question("insect", "parent", {"dataset": FLY}, "dataset"),
    Question("immune cell", "parent", {"dataset": KILLERS | {"jrc_macrophage-2"}}, "dataset"),
    Question(
        "tissue",
        "parent",
        {"dataset": FLY | ISLETS | {"jrc_mus-kidney", "jrc_mus-liver", "jrc_mus-sc-zp104a"}},
        "dataset",
    ),
    Question("nuclear envelope", "parent", {"organelle": ["ne"]}, "organelle"),
    # Several things at once.
    Question(
        "hela mitochondria",
        "mixed",
        {"dataset": {"jrc_hela-1", "jrc_hela-2", "jrc_hela-bfa"}},
        absent=frozenset({"jrc_mus-liver"}),
    ),
    Question(
        "mouse nucleus", "mixed", {"dataset": {"jrc_mus-liver", "jrc_ctl-id8-2"}}, absent=frozenset({"jrc_hela-2"})
    ),
    Question("liver ER", "mixed", {"dataset": ["jrc_mus-liver"]}),
    Question("brain T-bar", "mixed", {"dataset": {"jrc_fly-acc-calyx-1", "jrc_fly-fsb-1"}}),
    Question("macrophage golgi membrane", "mixed", {"dataset": ["jrc_macrophage-2"]}),
    Question("janelia kidney", "mixed", {"dataset": ["jrc_mus-kidney"]}),
    Question("cellmap unet", "mixed", {"model": ["unet-cellmap"]}, "model"),
    Question("nunez", "mixed", {"person": ["José Núñez"]}, "person"),
    # Nothing here is about these.
    Question("xylophone", "nothing"),
    Question("cryostat temperature", "nothing"),
    Question("GO:0099999", "nothing"),
    Question("banana republic", "nothing"),
    Question("jrc_hela-99", "nothing"),
    Question("%_*", "nothing"),
    Question("hela xylophone", "nothing"),
)
