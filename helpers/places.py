"""Where the course's data lie and where work goes, in the course folder or installed by pip."""

import os
from pathlib import Path

PACKAGE = Path(__file__).parent
COURSE = PACKAGE.parent  # the course folder, if this is one
INSTALLED = (PACKAGE / "data").is_dir()  # a wheel brings the data inside the package
DATA = (PACKAGE if INSTALLED else COURSE) / "data"  # captioners, weights, mini: only read


def home() -> Path:
    """Return the folder for what is made or fetched: the course folder; installed, a cache.

    The cache is the user's, such as `~/.cache/caption-lessons`: a package's own folder may belong
    to somebody else, and goes with the next version.
    """
    if not INSTALLED:
        return COURSE
    import pooch  # here: only few need it, and it takes a moment to load

    return Path(pooch.os_cache("caption-lessons"))


def work_root() -> Path:
    """Return the folder that holds a work folder for each data set; it may not be there yet.

    `$CAPTION_WORK` names it, else it is `work/` in the course folder or the user's cache.
    """
    return Path(os.environ.get("CAPTION_WORK") or home() / "work").expanduser()
