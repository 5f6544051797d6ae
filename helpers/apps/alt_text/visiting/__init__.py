"""The second step: visits to addresses, and what they bring back.

* `politeness`: robots.txt, a pace for every server, patience with busy ones;
* `photos`: bytes, opened;
* `visits`: who is visited when, and what comes of it.
"""
