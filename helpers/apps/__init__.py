"""What people use, built on the course: it may import the course, never the other way round.

* `widget`: the form of lesson 07, which captions an image from its address or an upload;
* `alt_text`: alt text for a whole website, from a crawler's table to a page for the reviewer;
* `web`: a page on this computer that captions uploads;
* `annotating`: a form to write captions of one's own;
* `wording`: the words that people read: alt texts, probabilities.
"""
