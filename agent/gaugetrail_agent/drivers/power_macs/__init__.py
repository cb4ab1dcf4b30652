"""Power MACS 4000: station results with many bolts, over Open Protocol's session.

Promise: as `open_protocol`; a bolt without a measured torque or angle has no value for it.

Read `results` (telegrams 0106 and 0107 into readings), then `driver`.
"""
