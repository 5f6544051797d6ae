"""The code that the lessons teach. A module imports only from floors below its own.

Floor 1: captions, decoding, downloads, encoders, images, metrics, models, plots, tokenizer, wording
Floor 2: batches, datasets, features
Floor 3: captioner, training
Floor 4: alt_text, annotating, pipeline, web, widget

`alt_text`, `captioner`, `captions`, `datasets`, `features`, `images`, `models`, `pipeline` and
`plots` are packages.
`plots` takes arrays and words.
"""
