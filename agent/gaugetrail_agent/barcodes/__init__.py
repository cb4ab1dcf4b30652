"""Barcodes: what a scanned text means, and what the reader itself says.

Promise: a scan is refused, with the cure in words, rather than read wrongly.
"""
