"""The desk for inquiries: a running agent is asked on its own PC how it is, and its wires are looked at, with no line
stopped.

Promise: whoever asks costs the agent's work nothing. The desk has a thread of its own, answers from what the parts have
said last and from bounded lists, asks no port, no queue and no broker, and gives each question a deadline. Only the
service's own user reaches it: a Unix socket of mode 0600 in the data folder; where the system has none, or the folder's
name is too long for one, loopback TCP with a token in a file of mode 0600.

Read `address` (where the desk is), `desk` (the agent's side), `asking` (the command's side), `report` (what is
answered), `papers` (documents that have changed) and `troubles` (what of it is not well, each with its cure).

On the wire: one line of JSON asks, lines of JSON answer.

- `{"ask": "status"}` is answered with one object (`report`).
- `{"ask": "tap", "device": "bore"}` is answered with a line for each chunk of bytes until the asker hangs up:
  `{"time": …, "way": "in" | "out", "hex": …}`, and `{"lost": 12}` where the asker was too slow.
- Over TCP the line has `"token"` beside it. Anything that can't be answered gives `{"error": …}`.
"""
