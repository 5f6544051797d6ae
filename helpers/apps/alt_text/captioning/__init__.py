"""The third step: photos to captions, while the visits go on.

* `work`: batch by batch, in this process or in that of a worker;
* `loading`: the captioner, and the hash by which it is known;
* `cluster`: the same work on many machines.
"""
