"""The demo: a simulated line in front of the real agent and collector, with the line's account as judge.

Read `run` (the story), `folder` with `settings_files` and `papers` (what lies in it), `ports`, `shop` (all processes
from store to agent) with `office` (who writes and approves plans) and `bystander` (who listens at the broker); at the
end `store_look` (the store, read without the collector's code), `figures`, and what is said of it all: `report` and
`progress_line`. `far_line` is the line alone, for a broker elsewhere.
"""
