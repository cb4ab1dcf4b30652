"""The collector: takes records from MQTT, proves them, stores them, answers what became of a part.

    broker
      ║ paho's thread: subscriber, mqtt_packets
    INBOX, bounded in bytes
      ║ thread "taker": decoding, batches
    one batch waits ahead
      ║ main thread: storing ────────────► STORE, or set aside
    one batch waits behind
      ║ thread "confirming": confirming
    broker: receipts first, then acknowledgements

Each double line is one thread, what stands between two of them a bounded queue. The scheduler's
thread does the heartbeat (status, figures) and the rounds of read-back; console and metrics have a thread each with a
store object of their own, so no record waits for a question.

Promise: it holds nothing that it can't lose. A message is acknowledged when its records are in the store or set aside,
and not sooner; killed, doubled or moved at any time, it loses and doubles nothing.

The floors, each standing only on those below: `console` (people's pages) > `tracing` (what is known of an identifier) >
`evidence` (that nothing is missing or altered) > `intake` (messages into records) > `stores`. `app` builds them and
stops them; `commands` asks them from the command line.
"""
