"""What the stations of a line are told is on hold, scrapped, let go or blocked: `gaugetrail/v1/lines/<line>/holds`.

    root (at most 4 KB, signed for this line)  ->  pages (60 KB each): units, lots, gauges

Promise: the root is signed for one line and for this purpose, so that neither another line's list nor a list of
documents serves for it; it names its pages by digest, and only rises. Reading is bounded before anything is believed.

Read `listing` (what a page says of one unit, lot or gauge), `line_list` (root and pages), then `known`: what a station
makes of it together with what it has said itself.
"""
