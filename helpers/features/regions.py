"""Regions that somebody else has found, by a detector for instance: one small file per photo."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.arrays import read_arrays
from helpers.features.files import Features, FeaturesError, stamp_of, write_array

LARGEST = 2**28  # bytes of one photo's file, unpacked; 100 regions of 2,048 numbers have 800,000


def gather_regions(folder: str | Path, names: Iterable[str], target: str | Path) -> Features:
    """Gather one array of regions per photo into one array file.

    Arguments:
        folder: holds `dog.npy` or `dog.npz` for the photo `dog.jpg`: an array (regions, channels);
            in an `.npz` it is called "features" or "feat", or is the only one.
        names: identities of the photos.
        target: the `.npy` file to write, float16 (photos, most regions, channels). Photos with
            fewer regions are filled up with zeros, which the attention model never looks at.

    The features' stamps are those of the regions' files, so ask `stale(region_files(…))`.
    Raises FeaturesError that names the photo whose regions are missing or of another shape.
    Taught in lesson 08.
    """
    files = region_files(folder, names)
    shapes = [read_regions(path).shape for path in files.values()]
    channels, most = {shape[1] for shape in shapes}, max(shape[0] for shape in shapes)
    if len(channels) > 1:
        raise FeaturesError(
            f"{folder} holds regions of {sorted(channels)} channels; one captioner reads one kind"
        )
    label = Features("regions", list(files), np.empty(0), [*map(stamp_of, files.values())]).label
    arrays = map(read_regions, tqdm(files.values(), "regions"))
    rows = (np.pad(regions, ((0, most - len(regions)), (0, 0)))[None] for regions in arrays)
    return write_array(Path(target), label, (most, *channels), rows)


def region_files(folder: str | Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the file of regions of every photo.

    Of "train/3.png" it is `train/3.npy`, or `3.npy` where no other photo is called 3.
    Raises FeaturesError for a photo without a file of its own.
    """
    names, files = list(names), {}
    stems = Counter(Path(name).stem for name in names)
    for name in names:
        places = [Path(name).with_suffix("")]
        places += [Path(name).stem] if stems[Path(name).stem] == 1 else []
        paths = [Path(folder, f"{place}{end}") for place in places for end in (".npy", ".npz")]
        found = next((path for path in paths if path.exists()), None)
        if found is None or found in files.values():
            problem = f"there is no {paths[0]} (and no .npz) with the regions of {name}"
            problem = f"{found} would be of two photos, one of them {name}" if found else problem
            raise FeaturesError(f"{problem}; every photo needs a file of its own")
        files[name] = found
    return files


def read_regions(path: Path) -> np.ndarray:
    """Return the regions (regions, channels) of one photo."""
    try:
        (regions,) = read_arrays(path, LARGEST, only_array).values()
    except ValueError as error:
        problem = f"{path} holds no array of regions ({error})"
        raise FeaturesError(f"{problem}; write it with np.save or np.savez") from error
    if regions.ndim != 2 or not regions.size:
        raise FeaturesError(
            f"{path} has the shape {regions.shape}; finite numbers (regions, channels) are due"
        )
    return regions


def only_array(names: list[str]) -> list[str]:
    """Return that of the names which is "features" or "feat", or the only one."""
    named = [name for name in ("features", "feat") if name in names] or names
    if len(named) != 1:
        raise ValueError(f"it has the arrays {names}; call one of them features")
    return named
