"""Files of arrays that anybody may have written, read within bounds and with one kind of error."""

from collections.abc import Callable, Iterable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED

import numpy as np

MAGIC = b"\x93NUMPY"  # how an .npy file begins
ZIP = b"PK"  # how an .npz file begins
MOST_ARRAYS = 1000  # of one file
PACKERS = {ZIP_STORED, ZIP_DEFLATED}


def read_arrays(
    path: str | Path, most: int, wanted: Callable[[list[str]], Iterable[str]] = list
) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file by name; that of an `.npy` file is called "".

    Arguments:
        most: bytes that they may have, unpacked. More are refused before they take memory.
        wanted: chooses among their names; the others are not read.

    Raises ValueError, which names the file, for whatever is not made of plain finite numbers.
    """
    path = Path(path)
    try:
        if not path.is_file():  # a pipe would be waited for
            raise ValueError("it is no file")
        with path.open("rb") as file:
            beginning = file.read(len(MAGIC))
        if beginning != MAGIC and not beginning.startswith(ZIP):  # NumPy would speak of pickles
            raise ValueError("it is no file of arrays; was it downloaded whole?")
        read = single_array if beginning == MAGIC else packed_arrays
        found = read(path, most, wanted)
        for name, array in found.items():
            check_numbers(name, array)
        return found
    except Exception as error:  # zipfile, zlib and NumPy raise several kinds
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise ValueError(f"{path.name}: {reason[:300]}") from error


def single_array(path: Path, most: int, wanted: Callable) -> dict[str, np.ndarray]:
    """Return the array of an `.npy` file.

    One that says that it is larger than its file takes no memory, since nothing is written there.
    """
    check_size(path.stat().st_size, most)
    return {name: np.load(path, allow_pickle=False) for name in wanted([""])}


def packed_arrays(path: Path, most: int, wanted: Callable) -> dict[str, np.ndarray]:
    """Return the arrays of an `.npz` file."""
    with np.load(path, allow_pickle=False) as arrays:
        members = arrays.zip.infolist()
        check_size(sum(member.file_size for member in members), most)
        if len(members) > MOST_ARRAYS:
            raise ValueError(f"it holds more than {MOST_ARRAYS:,} arrays")
        if {member.compress_type for member in members} - PACKERS:
            raise ValueError("it is packed in another way than NumPy's")
        return {name: arrays[name] for name in wanted(arrays.files)}


def check_size(size: int, most: int) -> None:
    """Raise ValueError for too many bytes."""
    if size > most:
        raise ValueError(f"it unpacks to more than {most:,} bytes")


def check_numbers(name: str, array: np.ndarray | bytes) -> None:
    """Raise ValueError for what is no array of plain finite numbers."""
    plain = isinstance(array, np.ndarray) and array.dtype.kind in "biuf"
    if not plain or array.dtype.itemsize > 8:  # longer ones depend on the machine
        raise ValueError(f"{name or 'its array'} is not made of plain numbers")
    if not np.isfinite(array).all():
        raise ValueError(f"{name or 'its array'} holds infinity, or what is no number")
