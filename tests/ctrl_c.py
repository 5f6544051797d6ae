"""Processes that listen to Ctrl-C: a shell lets what it runs in the background ignore it."""

import signal
from functools import partial

LISTEN = {"preexec_fn": partial(signal.signal, signal.SIGINT, signal.SIG_DFL)}  # for Popen
