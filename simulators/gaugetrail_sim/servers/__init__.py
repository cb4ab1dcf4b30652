"""The servers and processes around a demo: brokers, InfluxDB, and whatever is started, each ended by its id.

Read `children` (one process, never left behind), `processes` (our own commands), `broker` with `embedded_broker`,
`influx_server`.
"""
