"""The operator's screen: a page for each station, which the agent serves to the browser that stands beside it.

Promise: it shows the station's present or says since when it can't: nothing old ever looks like now. What people press
goes to the station as the words that a scan or a key would send, so every button works by scan, too, and the station's
rules alone decide. Whatever a code holds is shown as text; no script but `static/screen.js` runs. It works with broker,
collector and network down, on a thread of its own; without `[screen]` nothing of it is loaded.

What is seen stands in `seen`. Read `settings`; then how it is shown: `run_chart`, `pictures`, `paper_rack`, `drawing`
with the templates; then how it gets there: `streams` (live events), `pages` (addresses), and `server`, which the agent
meets.
"""
