"""A captioner: encoder, tokenizer and decoder in one folder, ready to caption photos."""

from helpers.captioner.captioner import Captioner
from helpers.captioner.explaining import Explanation, explain
from helpers.captioner.folder import DEFAULT, CaptionerError, captioner_names
from helpers.captioner.search import Candidate, Search, add_search_options
from helpers.captioner.streaming import caption_stream
