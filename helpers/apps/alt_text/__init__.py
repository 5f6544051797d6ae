"""Alt text for a whole website: a crawler's table in, a table with suggestions out.

rows -> addresses -> photos -> captions -> rows; a room a step, and none looks into a later one:

* `reading`: the input, recognised, row by row, and the images in each row;
* `visiting`: visits to servers, and what they bring back;
* `captioning`: captions for it at the same time, here or on many machines;
* `writing`: files for machines, and a page for the person who reviews.

Above them `job` leads from step to step for the command line (`__main__`, `options`), by way of
`scanning` (which images wait), `sampling` (a few that stand for all), `records` (what is written of
each) and `reviewing` (what a person decided). Below them `store` and `known` keep what is done and
what pages say, in a file that survives any kill, `files` knows which files are the job's, `signs`
what an address or a tag tells of an image, `statuses` what may become of one, and `findings` are
what became of it, as the steps hand it on.

Rows of one address share one visit, and addresses of one picture share one caption. Its confidence
is the captioner's own (`helpers.captioner.confidence`): the chance that it is right, or nothing
where nobody has measured that. A review begins with the least sure; without a confidence, with the
least probable words.
"""

from helpers.apps.alt_text.captioning.work import Settings
from helpers.apps.alt_text.job import Job
