"""The code that the lessons teach. A module imports only from floors below its own.

Floor 1: captions, decoding, downloads, encoders, images, metrics, models, plots, tokenizer, wording
Floor 2: batches, datasets, features
Floor 3: captioner, training
Floor 4: alt_text, pipeline, web, widget

`alt_text`, `captioner`, `features`, `images`, `models`, `pipeline`, `plots` and `web` are packages.
`plots` takes arrays and words.
"""
