"""`trace` and `export`: records asked for, shown or written.

Promise: an answer streams, page by page, and says where it is not whole.

Read `asking` (the options that both share), `trace`, its `forms` and `documents`, then `export`.
"""
