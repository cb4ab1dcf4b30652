"""Devices that speak as the makers' manuals say: gauges, scanners, scales, a PLC, a torque controller.

Promise: frame for frame what is printed in a manual, faults on the wire included; nothing of the agent's is used, so
that both don't misread a manual in the same way.

Read `ptys` (simulated serial ports), `faults`, `gauge` (what all gauges do, and the first of them), then the others:
`proved_gauges`, `hipot`, `torque`, `scanner`, `keyboard` (a device that types), `modbus_units` with `modbus_bus` and
`plc`. `models` names each, `replay` makes one of any profile's frames.
"""
