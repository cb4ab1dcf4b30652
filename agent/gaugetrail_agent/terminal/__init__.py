"""The operator's door: what a station asks for and says, and what an operator scans or types into it.

`server` speaks JSON lines over loopback TCP to whatever shows them: `gaugetrail-agent terminal STATION` (`console`), a
simulated operator. A line that says `"recorded": true` is sent only after the spool's commit.

Read `server`; for consoles that draw a station whole `whole` (all of it in words) and `onlookers`, who get it at each
change. Then the other end: `session` (finds the agent, shows, sends), `typed_line` (keys), and two faces of it:
`lines` with `echo`, and `whole_console` with `drawing`, `layout` and `bar_text`, all three pure; `console` chooses.
"""
