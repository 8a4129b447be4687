"""Features as the model will know them: each with its vocabulary, learnt from training rows."""

from collections import Counter

from models.manifest import CATEGORY, ModelFeature
from training.rows.sample import FeaturePlan, Sample

WORDS_MAX = 250  # LightGBM bins no more categories than this
ROWS_MIN = 5  # a rarer word tells nothing; it is read as one never seen
SMALL = 1000


def encode(rest: Sample) -> tuple[tuple[ModelFeature, ...], tuple[str, ...]]:
    """The model's features in signature order, vocabularies from these rows alone; warnings."""
    features, warnings = [], []
    for plan in rest.features:
        words, warning = _vocabulary(rest, plan)
        reason = plan.reason or plan.name
        features.append(ModelFeature(plan.name, plan.dtype, plan.direction, reason, words))
        warnings += warning
    return tuple(features), tuple(warnings)


def _vocabulary(rest: Sample, plan: FeaturePlan) -> tuple[tuple[str, ...], list[str]]:
    if plan.dtype != CATEGORY:
        return (), []
    counts = Counter(rest.table.column(plan.name).to_pylist())
    counts.pop(None, None)
    least = ROWS_MIN if len(rest) > SMALL else 2
    common = [word for word, count in counts.items() if count >= least]
    kept = sorted(common, key=lambda word: (-counts[word], word))[:WORDS_MAX]
    if len(counts) <= WORDS_MAX:
        return tuple(sorted(kept)), []
    said = f"column {plan.name!r}: of {len(counts)} texts the {len(kept)} most common are kept"
    return tuple(sorted(kept)), [f"{said}, the rest read as missing"]
