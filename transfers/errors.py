"""Refusals of the transfer room."""

from wire.refusals import Refusal


class GateClosed(Refusal):
    """The conditions of a status do not hold."""

    code, http_status, permanent = "gate_closed", 409, False


class NotReady(Refusal):
    """What should be packed or signed is not ready."""

    code, http_status, permanent = "not_ready", 409, False


class NothingToSign(Refusal):
    """No packet waits for a signature."""

    code, http_status = "nothing_to_sign", 409


class FeedBroken(Refusal):
    """The feed does not continue where the point stopped reading."""

    code = "feed_broken"
