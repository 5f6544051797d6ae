"""The code that the lessons teach. A module imports only from floors below its own.

Floor 1: captions, decoding, downloads, encoders, images, metrics, models, plots, tokenizer, wording
Floor 2: batches, datasets, features
Floor 3: captioner, self_critical, training
Floor 4: alt_text, pipeline, web, widget

`alt_text`, `captioner`, `features`, `images`, `models`, `pipeline` and `plots` are packages.
`plots` takes arrays and words.
"""
