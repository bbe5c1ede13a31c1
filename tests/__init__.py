"""The tests. Hypothesis looks for what is wrong, not for what is slow: a busy machine fails no test."""

from hypothesis import HealthCheck, settings

settings.register_profile("smartserial", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("smartserial")
