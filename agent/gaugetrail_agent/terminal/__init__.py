"""The operator's door: what a station asks for and says, and what an operator scans or types into it.

`server` speaks JSON lines over loopback TCP to whatever shows them: `gaugetrail-agent terminal STATION` (`console`), a
page, a simulated operator. A line that says `"recorded": true` is sent only after the spool's commit.
"""
