"""Right and wrong answers to the exercises of lesson 11."""

BEFORE = """
import helpers
import keras
import numpy as np

SEED = 7
"""

EXERCISES = {
    1: {
        "right": [
            """
def undo(prepared):
    return np.rint(prepared + [103.939, 116.779, 123.68]).astype("uint8")[..., ::-1]
""",
            """
def undo(prepared):
    red_first = np.flip(prepared, axis=-1) + np.array([123.68, 116.779, 103.939])
    return np.clip(red_first.round(), 0, 255).astype(np.uint8)
""",
        ],
        "wrong": [
            """
def undo(prepared):
    return np.rint(prepared + [103.939, 116.779, 123.68]).astype("uint8")
""",
            """
def undo(prepared):
    return np.rint(prepared[..., ::-1] + [103.939, 116.779, 123.68]).astype("uint8")
""",
            """
def undo(prepared):
    return np.rint(prepared + [103.939, 116.779, 123.68])[..., ::-1]
""",
            """
def undo(prepared):
    return np.rint(prepared + [103.939, 116.779, 123.68]).astype("uint8")[:, :, ::-1]
""",
            """
def undo(prepared):
    return (prepared[..., ::-1] * 127.5 + 127.5).clip(0, 255).astype("uint8")
""",
        ],
    },
    2: {
        "right": [
            """
def side_by_side(shared):
    return np.vstack([shared, shared])
""",
            """
def side_by_side(shared):
    return np.tile(shared, (2, 1))
""",
        ],
        "wrong": [
            """
def side_by_side(shared):
    return np.concatenate([shared, shared], axis=1)
""",
            """
def side_by_side(shared):
    return np.concatenate([shared, np.zeros_like(shared)])
""",
            """
def side_by_side(shared):
    return np.concatenate([shared, shared]) / 2
""",
            """
def side_by_side(shared):
    return np.repeat(shared, 2, axis=0)
""",
        ],
    },
    3: {
        "right": [
            """
from threading import Lock


class Places:
    def __init__(self, most):
        self.most, self.taken, self.lock = most, 0, Lock()

    def enter(self):
        with self.lock:
            if free := self.taken < self.most:
                self.taken += 1
            return free

    def leave(self):
        with self.lock:
            self.taken -= 1
""",
            """
from threading import BoundedSemaphore


class Places:
    def __init__(self, most):
        self.places = BoundedSemaphore(most)

    def enter(self):
        return self.places.acquire(blocking=False)

    def leave(self):
        self.places.release()
""",
        ],
        "wrong": [
            """
class Places:
    def __init__(self, most):
        self.free = most

    def enter(self):
        self.free -= 1
        return self.free >= 0

    def leave(self):
        self.free += 1
""",
            """
class Places:
    taken = 0

    def __init__(self, most):
        self.most = most

    def enter(self):
        if Places.taken >= self.most:
            return False
        Places.taken += 1
        return True

    def leave(self):
        Places.taken -= 1
""",
            """
class Places:
    def __init__(self, most):
        self.free = most

    def enter(self):
        if self.free < 0:
            return False
        self.free -= 1
        return True

    def leave(self):
        self.free += 1
""",
            """
class Places:
    def __init__(self, most):
        self.free = self.most = most

    def enter(self):
        if not self.free:
            return False
        self.free -= 1
        return True

    def leave(self):
        self.free = self.most
""",
        ],
    },
}
# A class that locks nothing passes, too: a check that hopes for two threads to meet would be
# a matter of luck. The exercise asks for that in words.
