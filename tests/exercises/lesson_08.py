"""Right and wrong answers to the exercises of lesson 08."""

BEFORE = """
import numpy as np

best, dev_captions = "photo", {"photo": "a dog"}
sixty, references, order = ["photo"], [["a dog"]], [np.arange(100)]
blind = {"all 100 regions": [1.0]}
numbers = np.random.default_rng(7)


class Rows:
    def rows(self, names):
        return np.ones((len(names), 100, 3))


class Writer:
    def caption_features(self, features):
        return ["a dog"] * len(features)


grid, captioner = Rows(), Writer()


def cider_d_each(references, captions):
    return [1.0] * len(captions)


def looks(captioner, name, caption):
    return np.full((len(caption.split()), 10, 10), 0.01)
"""

EXERCISES = {
    1: {
        "right": [
            """
def attend(scores, temperature):
    powers = np.exp((scores - scores.max()) / temperature)
    return powers / np.sum(powers)
""",
            """
def attend(scores, temperature):
    logs = scores / temperature
    logs = logs - logs.max()
    return (np.exp(logs) / np.exp(logs).sum()).tolist()
""",
        ],
        "wrong": [
            """
def attend(scores, temperature):
    return np.exp(scores) / np.exp(scores).sum() / temperature
""",
            """
def attend(scores, temperature):
    powers = np.exp((scores - scores.max()) * temperature)
    return powers / powers.sum()
""",
            """
def attend(scores, temperature):
    return np.exp((scores - scores.max()) / temperature)
""",
            """
def attend(scores, temperature):
    with np.errstate(all="ignore"):
        powers = np.exp(scores / temperature)
        return powers / powers.sum()
""",
        ],
    },
    2: {
        "right": [
            """
def regions_looked_at(maps):
    flat = np.clip(maps.reshape(len(maps), -1), 1e-9, None)
    return np.exp(-np.sum(flat * np.log(flat), axis=-1))
""",
            """
def regions_looked_at(maps):
    found = []
    for weights in maps:
        some = weights[weights > 0]
        found.append(np.exp(-(some * np.log(some)).sum()))
    return found
""",
        ],
        "wrong": [
            """
def regions_looked_at(maps):
    weights = np.maximum(maps.reshape(len(maps), -1), 1e-12)
    return -(weights * np.log(weights)).sum(axis=1)
""",
            """
def regions_looked_at(maps):
    weights = np.maximum(maps, 1e-12)
    return np.exp(-(weights * np.log(weights)).sum())
""",
            """
def regions_looked_at(maps):
    return 1 / maps.reshape(len(maps), -1).max(axis=1)
""",
            """
def regions_looked_at(maps):
    return (maps.reshape(len(maps), -1) > 0).sum(axis=1)
""",
            """
def regions_looked_at(maps):
    weights = np.maximum(maps.reshape(len(maps), -1), 1e-12)
    return np.exp(-(weights * np.log2(weights)).sum(axis=1))
""",
        ],
    },
    3: {
        "right": [
            """
def hide(features, weights, count):
    left = features.copy()
    left[np.argsort(weights)[len(weights) - count :]] = 0
    return left
""",
            """
def hide(features, weights, count):
    rank = np.argsort(np.argsort(-weights))
    return features * (rank >= count)[:, None]
""",
        ],
        "wrong": [
            """
def hide(features, weights, count):
    left = features.copy()
    left[np.argsort(weights)[-count:]] = 0
    return left
""",
            """
def hide(features, weights, count):
    features[np.argsort(-weights)[:count]] = 0
    return features
""",
            """
def hide(features, weights, count):
    left = features.copy()
    left[np.argsort(weights)[:count]] = 0
    return left
""",
            """
def hide(features, weights, count):
    return features[np.sort(np.argsort(-weights)[count:])]
""",
            """
def hide(features, weights, count):
    left = np.zeros_like(features)
    places = np.argsort(-weights)[:count]
    left[places] = features[places]
    return left
""",
        ],
    },
}
