"""The code that the lessons teach, and in `apps` what people use. A room a module or package:

* tools: `files` writes whole files or none, and locks; `places` knows where data and work lie;
  `backend` settles what Keras runs on; `console` prints; `plots` draws; `clusters` and
  `downloads` save time;
* parts: `captions`, `images`, `tokenizer`, `metrics`, `models`, `decoding`, `encoders`; `stream` is
  how images go through the last ones: opened ahead, encoded in batches, finished behind;
* data: `datasets`, `features`, `batches`;
* captioner: `captioner`, `training`, `self_critical`, and `resuming` of what was cut short;
* whole route: `pipeline` takes all steps from the data set to the scores;
* apps: `widget`, `alt_text`, `web`, `annotating`, `wording`.

A room imports from its own line and those above; `lint-imports` checks it (pyproject.toml).
"""

from helpers.backend import is_command, settle_keras
from helpers.console import hold_streams

if is_command():
    hold_streams()
settle_keras()
