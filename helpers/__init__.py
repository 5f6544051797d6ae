"""The code that the lessons teach, and in `apps` what people use. A room a module or package:

* tools: `files` writes whole files or none, and locks; `plots` draws; `clusters`, `downloads`
  and `overlap` save time;
* parts: `captions`, `images`, `tokenizer`, `metrics`, `models`, `decoding`, `encoders`;
* data: `datasets`, `features`, `batches`;
* captioner: `captioner`, `training`, `self_critical`, and `resuming` of what was cut short;
* road: `pipeline` takes all steps from the data set to the scores;
* apps: `widget`, `alt_text`, `web`, `annotating`, `wording`.

A room imports from its own line and those above; `lint-imports` checks it (pyproject.toml).
"""
