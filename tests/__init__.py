"""The tests. Hypothesis looks for what is wrong, not for what is slow: a busy machine fails no test."""

import signal

from hypothesis import HealthCheck, settings

settings.register_profile("smartserial", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("smartserial")

# A shell that starts them in the background has them ignore Ctrl-C, and so would each program of theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
