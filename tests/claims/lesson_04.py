"""What lesson 04 ranks, beside its outputs."""

from ranking import Claim, between, close, flat

CLAIMS = [
    Claim(
        "Places 0 to 2 do not move at all.",
        r"^largest change at places 0-5: \[(.*)\]",
        lambda rows: flat(rows)[:3] == [0, 0, 0] < flat(rows)[3:],
        [0, 0, 0.01, 0.02, 0.01, 0],
    ),
    Claim(
        "The untrained model is no better than guessing.",
        r"^untrained: ([\d.]+) per word; pure guessing: ln\(\d+\) = ([\d.]+)",
        lambda rows: flat(rows)[0] > flat(rows)[1] - 0.1,
        [4.9, 5.6],
    ),
    Claim(
        "A short caption beside a long one is mostly padding, computed for nothing.",
        r"^padding: ([\d.]+)%, instead of (\d+)%",
        lambda rows: flat(rows)[0] < 5 and flat(rows)[1] > 50,
        [0.5, 40],
    ),
    Claim(
        "The same loss, so the same changes to the weights.",
        r"^([\d.]+) by rows, ([\d.]+) by whole captions",
        lambda rows: all(
            close(0.001)([[rows_loss, whole]])
            for rows_loss, whole in zip(flat(rows)[::2], flat(rows)[1::2], strict=True)
        ),
        [943.33, 943.34],
    ),
    Claim(
        "Teacher forcing answers all questions of a caption in one pass: the loss of the classic"
        " rows, many times faster.",
        r"^whole captions are (\d+) times faster",
        between(3, 300),
        [2],
    ),
    Claim(
        "The training loss begins above the dev loss, that of photos the model has not seen, since"
        " it averages a whole epoch; in the end it is below.",
        r"^dev loss less training loss, epoch by epoch: \[(.*)\]",
        lambda rows: flat(rows)[0] < 0 < flat(rows)[-1] == max(flat(rows)),
        [-0.2, 0.5, 0.4, -0.1],
    ),
    Claim(
        "The average stays close to 2.",
        r"^average \[(.*)\]",
        between(1.8, 2.2),
        [1, 3, 1, 3],
    ),
    Claim(
        "In a run this short, larger steps win, whatever the seed.",
        r"^dev loss lower by \[(.*)\]",
        lambda rows: len(flat(rows)) == 3 and min(flat(rows)) > 0,
        [0.07, -0.02, 0.05],
    ),
]

NO_CLAIM = {
    "says what a word, a number or a method is": [
        "word 5 isn't more than word 4",
        "teach it something smaller",
        "the targets are the same ids, one place ahead",
        "higher is better; then come",
    ],
    "tells what to look for": ["Read a column downwards"],
}
