"""Encoders: frozen networks that turn photos into numbers a captioner can use.

| name | photo | pixels become | features |
|---|---|---|---|
| xception | 299 x 299, RGB | -1 … 1 | (3032,), the mean of the grid |
| xception-grid | 299 x 299, RGB | -1 … 1 | (100, 3032), the grids of three blocks |
| vgg16 | 224 x 224, RGB | BGR, less the mean colour of ImageNet ("caffe") | (4096,), layer fc2 |
| vgg16-random | as vgg16, which becomes it where its weights can't be downloaded | | |
"""

from helpers.encoders.changes import changed, read_changes, write_changes
from helpers.encoders.loading import Encoder, load_encoder
from helpers.encoders.table import ENCODERS, EncoderError, EncoderSpec, Weights
