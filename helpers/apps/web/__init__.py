"""The upload page: photos in, captions out, for everybody who reaches this computer.

* `desk`: one model shared by many threads, with a queue that says when it is full;
* `page`: what is shown at which address (Flask);
* `hosts`: by which names it may be called;
* `uploads`: how an upload is read: counted before, into memory (waitress);
* `guard`: who holds a place or memory for too long is cut;
* `server`: what listens, and stops without losing a photo (waitress);
* `__main__`: the command.
"""

from helpers.apps.web.desk import BusyError, CaptionDesk
from helpers.apps.web.page import MAX_BYTES, MAX_PHOTOS, PhotoPage
from helpers.apps.web.server import PageServer, ServerError
