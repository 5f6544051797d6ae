"""Regions that somebody else has found, by a detector for instance: one small file per photo."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.features.files import Features, FeaturesError, load_features, new_array


def gather_regions(
    folder: str | Path, names: Sequence[str], target: str | Path, encoder: str = "regions"
) -> Features:
    """Gather one array of regions per photo into one array file.

    Arguments:
        folder: holds `dog.npy` or `dog.npz` for the photo `dog.jpg`: an array (regions, channels);
            in an `.npz` it is called "features" or "feat", or is the only one.
        names: file names of the photos.
        target: the `.npy` file to write, float16 (photos, most regions, channels). Photos with
            fewer regions are filled up with zeros, which the attention model never looks at.
        encoder: what to call the source of the regions.

    Raises FeaturesError that names the photo whose regions are missing or of another shape.
    Taught in lesson 08.
    """
    folder, target = Path(folder), Path(target)
    shapes = [read_regions(folder, name).shape for name in names]
    channels, most = {shape[1] for shape in shapes}, max(shape[0] for shape in shapes)
    if len(channels) > 1:
        raise FeaturesError(
            f"{folder} holds regions of {sorted(channels)} channels; one captioner reads one kind"
        )
    with new_array(target, (len(names), most, channels.pop()), encoder, names) as rows:
        for row, name in enumerate(tqdm(names, "regions")):
            regions = read_regions(folder, name)
            rows[row, : len(regions)] = regions
    return load_features(target)


def read_regions(folder: Path, name: str) -> np.ndarray:
    """Return the regions (regions, channels) of one photo."""
    paths = [folder / f"{Path(name).stem}{suffix}" for suffix in (".npy", ".npz")]
    found = [path for path in paths if path.exists()]
    if not found:
        problem = f"there is no {paths[0]} (and no .npz) with the regions of {name}"
        raise FeaturesError(f"{problem}; every photo needs a file of its own")
    try:
        content = np.load(found[0], allow_pickle=False)
        regions = content if isinstance(content, np.ndarray) else only_array(content)
    except (ValueError, OSError, EOFError) as error:
        problem = f"{found[0]} holds no array of regions ({error})"
        raise FeaturesError(f"{problem}; write it with np.save or np.savez") from error
    if regions.ndim != 2 or not regions.size or not np.isfinite(regions).all():
        raise FeaturesError(
            f"{found[0]} has the shape {regions.shape}; finite numbers (regions, channels) are due"
        )
    return regions


def only_array(arrays: np.lib.npyio.NpzFile) -> np.ndarray:
    """Return the array called "features" or "feat" of an open `.npz`, or the only one."""
    with arrays:
        named = [key for key in ("features", "feat") if key in arrays.files] or arrays.files
        if len(named) != 1:
            raise ValueError(f"it has the arrays {arrays.files}; call one of them features")
        return arrays[named[0]]
