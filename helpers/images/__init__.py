"""ONE way to open an image, for training, for the widget, for bulk work and for the web page."""

from helpers.images.errors import ImageError
from helpers.images.fetching import URL, USER_AGENT, Answer, fetch_answer, fetch_image
from helpers.images.opening import Source, encoded, image_pixels, open_image
