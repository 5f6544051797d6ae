"""Captioners: ours in a folder, pretrained ones, and servers, all behind one interface."""

from helpers.captioner.captioner import Captioner
from helpers.captioner.explaining import Explanation, explain
from helpers.captioner.folder import DEFAULT, CaptionerError, captioner_names
from helpers.captioner.opening import (
    add_captioner_options,
    captioner_options,
    choices_of,
    open_captioner,
)
from helpers.captioner.own import OwnCaptioner
from helpers.captioner.protocol import AnyCaptioner
from helpers.captioner.search import Candidate, Search, add_search_options, is_sure
from helpers.captioner.singly import candidates_of, open_warm, warm_up
from helpers.captioner.streaming import caption_stream
