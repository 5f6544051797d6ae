"""Data sets: captions, photos and splits, from data/mini, Flickr8k, or a folder of yours.

* `opening`: `open_dataset`, which puts captions, photos and splits together in a `dataset`;
* `folders`: finds captions and splits in a folder of any usual layout;
* `photos`: finds the photo for a name;
* `flickr8k`: fetches Flickr8k;
* `reporting`: what was read, what was dropped and why;
* `converting`: writes a data set as COCO JSON or in Flickr8k's layout;
* `__main__`: the command line, `python -m helpers.datasets FOLDER`.
"""

from helpers.datasets.converting import to_coco, to_flickr8k
from helpers.datasets.dataset import Dataset
from helpers.datasets.flickr8k import download_flickr8k
from helpers.datasets.opening import DATA_FOLDER, NAMES, open_dataset
from helpers.datasets.photos import DatasetError
from helpers.datasets.reporting import describe
