"""Sheets of barcodes to print: the commands of a station, its defects, badges and orders.

Promise: what is printed is read by the station as what it says: each code is asked of the station's own patterns before
it gets bars, and one that the station would take for something else is left out and named. A sheet is one HTML page
that needs nothing else, for A4, in the language that the station speaks.

Read `bars` (a text as Code 128), `entries` (what stands on a sheet, and what can't), then `page`.
"""
