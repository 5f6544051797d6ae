"""Data sets: captions, photos and splits, from data/mini, Flickr8k, or a folder of yours."""

from helpers.datasets.converting import to_coco, to_flickr8k
from helpers.datasets.dataset import Dataset
from helpers.datasets.flickr8k import download_flickr8k
from helpers.datasets.opening import DATA_FOLDER, NAMES, open_dataset, work_folder
from helpers.datasets.photos import DatasetError
from helpers.datasets.reporting import describe
