"""The application, for a WSGI server or the ``flask`` command."""

import gc

from procurement import create_app

app = create_app()
# What is loaded here stays for good: the garbage collector need not look at it at each round.
gc.freeze()
