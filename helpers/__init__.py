"""The code that the lessons teach. A module imports only from floors below its own.

Floor 1: captions, clusters, decoding, downloads, encoders, images
Floor 1: metrics, models, overlap, plots, tokenizer, wording
Floor 2: batches, datasets, features
Floor 3: captioner, self_critical, training
Floor 4: alt_text, annotating, pipeline, web, widget

`alt_text`, `captioner`, `captions`, `datasets`, `features`, `images`, `models`, `pipeline`,
`plots` and `web` are packages. `plots` takes arrays and words.
"""
