"""What the other stations and the office know: what is held on this line, and the past of a unit.

Promise: the list of what is held is proved before it counts, kept on disk and there again after a restart; an older
list, another line's and a forged one are refused and told, and what was held stays. What was said here counts at once
and after a restart, list or no list. A question has its answer within 300 ms or none: never an answer to another
question, and nobody waits longer.

Read `hold_folder` (the files), `hold_list` (what comes, judged; what a station looks up: `HeldNow`), then `asker`.
"""
