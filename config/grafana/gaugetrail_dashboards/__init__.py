"""The Grafana dashboards and alert rules as rows of data; `make docs` writes them as JSON beside this package.

A new panel is a row in `quality`, `process`, `trust` or `audit`, in the words of `rows`; `draw` makes Grafana's JSON of
it. A column that only newer records have stays empty for the others.

One set serves InfluxDB 1, 2 and 3, since all three answer InfluxQL. `build.files` gives path -> text; a test runs every
query of them against a real InfluxDB and checks the JSON against Grafana's own types.
"""
