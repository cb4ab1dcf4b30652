"""Open Protocol: what tightening controllers say over TCP or a serial line.

Promise: each tightening comes out once, whatever is sent again, and those of an outage are fetched by their ids.

Read `framing` (bytes into telegrams), `messages` (telegrams into fields), `readings`, `tightenings`, `errors`, and
`driver`, which holds the session.
"""
