"""The upload page: photos in, captions out, for everybody who reaches this computer.

* `desk`: one model shared by many threads, with a queue that says when it is full;
* `page`: what is shown at which address (Flask);
* `server`: what listens, reads uploads into memory, and stops without losing one (waitress);
* `__main__`: the command.
"""

from helpers.apps.web.desk import BusyError, CaptionDesk
from helpers.apps.web.page import MAX_BYTES, MAX_PHOTOS, PhotoPage
from helpers.apps.web.server import PageServer, ServerError

__all__ = [
    "MAX_BYTES",
    "MAX_PHOTOS",
    "BusyError",
    "CaptionDesk",
    "PageServer",
    "PhotoPage",
    "ServerError",
]
