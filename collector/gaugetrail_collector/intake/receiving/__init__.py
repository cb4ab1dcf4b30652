"""From the broker to the inbox: what arrives, and who gets in the way.

Promise: nothing is acknowledged before all of it is in the store or set aside; what isn't comes again.

Read `connection` and `mqtt_packets`, `subscriber`, `inbox`; `rivals` (two of one name) and `returning`.
"""
