"""Simulated devices: vendor bytes on ptys and sockets. Imports nothing of agent or collector."""
