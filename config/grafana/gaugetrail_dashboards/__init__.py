"""The Grafana dashboards and alert rules, built in Python; `make docs` writes them as JSON beside this package.

One set serves InfluxDB 1, 2 and 3, since all three answer InfluxQL. `build.files` gives path -> text; a test runs every
query of them against a real InfluxDB and checks the JSON against Grafana's own types.
"""
