"""What a station remembers beyond the unit in hand: pure data, a file for each matter.

Promise: what a person or a PLC was shown of it is on the disk by then, and what a record changes of it is committed in
the record's own transaction; so a kill neither loses a due check nor counts a unit twice. A matter that can't be read
begins anew, and that is told.

Read `moment` (how time is kept over restarts and clock steps), then `whole`, which holds the matters together.
"""

from gaugetrail_agent.station.memory.moment import Moment
from gaugetrail_agent.station.memory.whole import StationMemory, memory_key, memory_text, read_memory

__all__ = ["Moment", "StationMemory", "memory_key", "memory_text", "read_memory"]
