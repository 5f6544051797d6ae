"""A captioner: encoder, tokenizer and decoder in one folder, ready to caption photos."""

from helpers.captioner.captioner import Candidate, Captioner, caption_stream
from helpers.captioner.explaining import Explanation, explain
from helpers.captioner.folder import DEFAULT, CaptionerError, captioner_names
