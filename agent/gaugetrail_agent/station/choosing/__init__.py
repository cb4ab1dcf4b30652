"""What a scan names: the unit, the plan that holds for it, the order that it is of. Pure.

Promise: a scan that could name two things names neither; it is asked about or refused, with what was planned.

Read `unit_code`, `plan_choice`, `order_choice`.
"""
