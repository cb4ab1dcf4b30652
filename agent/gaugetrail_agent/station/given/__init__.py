"""What a station is given to work by: documents that hold here, its orders, its wiring, its settings. Pure data.

Promise: all of it is known before the first unit and changes only between two units (`setup` holds it together).

Read `plans_here` with `orders_here`, `limits_here`, `reactions_here` and `instructions_here`; then `wiring` (which
device measures what), `freshness_settings` and `interlock_settings`.
"""
