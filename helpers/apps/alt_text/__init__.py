"""Alt text for a whole website: a crawler's table in, a table with suggestions out.

rows -> addresses -> bytes -> captions -> rows; a module a step:

* `tables`, `columns`, `shards`: the input, recognised, row by row;
* `occurrences`: the images in a cell, and which of them need no caption;
* `store`, `files`: what is done, in a file that survives any kill, and which files are the job's;
* `politeness`, `photos`: visits to servers, and what they bring back;
* `working`, `cluster`: fetching and captioning at once, here or on many machines;
* `outputs`, `report`: files for machines, and a page for the person who reviews;
* `job`, `loading`, `__main__`: the order of the steps, the captioner, the command line.

Rows of one address share one visit, and addresses of one picture share one caption. Its
confidence is the probability that the captioner gave to each of its words, on average: a hint what
to review first, but no chance of being right. On Flickr8k's 1,000 test photos, captioned by
`attention-xception` with beam 3, it ranks captions as well as the probability of the sentence does
(rank correlation with the share of words that people used, too: 0.35 and 0.33), and depends less on
their length (-0.20 instead of -0.80).
"""

from helpers.apps.alt_text.job import Job, JobError, Reading
from helpers.apps.alt_text.tables import TableError, open_table
from helpers.apps.alt_text.working import Settings, work_off

__all__ = ["Job", "JobError", "Reading", "Settings", "TableError", "open_table", "work_off"]
