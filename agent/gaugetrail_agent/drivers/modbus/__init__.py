"""Modbus: registers into readings, and the handshake with a PLC.

Promise: one bad address costs one value, not the block; what stands in registers while the PLC writes is never taken.

Read `types` (names of register types), `numbers` and `texts` (what they read), `registers` (registers into values),
`companion_settings` and `companions` (what stands beside a value and decides about it), `values` (what a configured
value means), `blocks` (few requests for many values), `device_settings`, `device` (the polling, the only state), then
`handshake` and `handshake_registers`.
"""
