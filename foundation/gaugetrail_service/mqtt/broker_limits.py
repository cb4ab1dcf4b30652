"""What a broker allows, as far as it says so: in its answer to the connection, which only MQTT 5 has room for."""

from __future__ import annotations

from dataclasses import dataclass

NO_RETAIN = "the broker keeps no retained messages: whoever starts learns within 10 s, not at once, who is there"
NO_SHARES = "the broker has no shared subscriptions: one collector takes every message, and a second one none"
CURES = (
    ("message_size_limit", "raise message_size_limit in the broker's settings, or leave it out; messages are smaller"),
    ("max_packet_size", "raise max_packet_size in the broker's settings, or leave it out; messages are smaller"),
    ("retained", "set retain_available true in the broker's settings"),
    ("", "use a broker that has them, or run one collector"),
)
"""By a word of the sentence that says what the broker doesn't allow; the last one fits all others."""


def cure_of(limit: str) -> str:
    """What to do about a limit, if it is in the way."""
    return next(cure for word, cure in CURES if word in limit)


@dataclass(frozen=True, slots=True)
class BrokerLimits:
    """MQTT 5, 3.2.2.3. What isn't named has no limit."""

    largest_bytes: int | None = None
    """Of a packet: topic, number and the rest included."""
    retains: bool = True
    shares: bool = True
    best_qos: int = 2
    on_way: int | None = None
    """Messages that it takes unacknowledged."""


def limits_of(named: object) -> BrokerLimits:
    """Those of an answer's properties, as the client's library gives them; null where there are none."""
    return BrokerLimits(
        largest_bytes=getattr(named, "MaximumPacketSize", None),
        retains=bool(getattr(named, "RetainAvailable", 1)),
        shares=bool(getattr(named, "SharedSubscriptionAvailable", 1)),
        best_qos=int(getattr(named, "MaximumQoS", 2)),
        on_way=getattr(named, "ReceiveMaximum", None),
    )
