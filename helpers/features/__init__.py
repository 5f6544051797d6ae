"""Image features: encode photos in batches and keep the result in a file.

Pooled features are few and stand in a pickle, because that is what the field does and what
lesson 02 teaches; grids of regions are a hundred times as many, and stand in an array file that
is read from the disk piece by piece.
"""

from helpers.features.extracting import extract_features
from helpers.features.files import (
    Features,
    FeaturesError,
    OldFeaturesError,
    load_features,
    save_features,
    stamp_of,
)
from helpers.features.reducing import Reduction, fit_reduction, reduce_features, sample_vectors
from helpers.features.regions import gather_regions, region_files
from helpers.features.spreading import spread_features
