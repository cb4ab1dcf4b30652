"""Delivery: from the spool to the broker, again and again until the collector's receipt.

Promise: nothing here is durable and nothing is lost by it: a record leaves the spool only on a receipt that names its
seal and is believed. Live records are never starved by backlog.

What the broker doesn't take in size is found out (`message_size`, `size_trial`), and a record that alone is too large
waits aside (`too_large`). `strangers` names whoever is on the broker and shouldn't be.

Read `lanes` first (what may be sent when), then `messages` (records into messages), `publisher` (what goes out),
`hearing` (what comes back; `waking` is the lock between the two, `figures` what is counted), `broker_line` (what a
broken connection says), `collector_keys` with `introduced` and `collector_troubles` (whose receipts are believed), and
`collectors_heard` (whose statuses count). The connection itself is the service's
(`gaugetrail_service.mqtt.connection`).
"""
