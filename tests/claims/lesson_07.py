"""Lesson 07 ranks nothing that its outputs could refute."""

CLAIMS = []

NO_CLAIM = {
    "says what a word, a number or a method is": [
        '"1 in 1,800,000" says more',
        "a widget lives only while",
        "behind every name there is a number",
        "drops messages of more than 10 MB",
        "than when you looked",
    ],
}
