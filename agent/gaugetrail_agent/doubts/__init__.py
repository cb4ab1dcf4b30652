"""What `check` doubts in settings that can be used: said at the desk rather than before a part.

Promise: a doubt keeps nobody from working; each says what it is about and what to do.

Read `odd_settings`, `line_check`, `gauge_sharing`, `locks_ahead` (people and gauges that a station will refuse),
`collectors` (whose receipts count) and `doors` (what the network reaches without a lock).
"""
