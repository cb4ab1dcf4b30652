"""Modbus: registers into readings, and the handshake with a PLC.

Promise: one bad address costs one value, not the block; what stands in registers while the PLC writes is never taken.

Read `registers` (bits into numbers), `values` (what a configured value means), `blocks` (few requests for many values),
`device` (the polling, the only state), then `handshake` and `handshake_registers`.
"""
