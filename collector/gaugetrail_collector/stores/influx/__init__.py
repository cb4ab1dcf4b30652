"""The InfluxDB store: records as points of 1.x, 2.x and 3.x, written by this side as ready lines.

Promise: the store's (`gaugetrail_collector.stores`), whatever of the three it is: what is committed is whole, what the
server cut off, dropped or can't take is told and never taken for stored.

Read `requests` (one HTTP request), `http` (what the three speak alike), `silence` and `words` (how they fail, in
sentences); then `store`, where records are written, with what it must know of those that stand there: `chains`,
`around`, `parting`, `placing`. `read` and `reader` ask; `admin`, `setup` and `limits` are for administrators.
"""
