"""A captioner: encoder, tokenizer and decoder in one folder, ready to caption photos."""

from helpers.captioner.captioner import Candidate, Captioner, Explanation, explain
from helpers.captioner.folder import DEFAULT, CaptionerError, captioner_names
