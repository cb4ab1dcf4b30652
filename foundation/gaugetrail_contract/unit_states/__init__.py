"""What state a unit, a lot or a gauge is in: from what records say of it, in their order, to one state. Pure.

Promise: the same records give the same state wherever they are folded, in whatever order they come. What somebody said
without the role for it changes nothing and is named; a hold always counts, whoever says it. A state that was decided
(hold, scrap, concession, released) is never lifted by a measurement, and a fail at one station is never lifted by a
pass at another.

Read `changes` (which state may follow which, and who may say so), `said` (what one record says of whom), then
`folding` (units and lots) and `gauge_fitness`.
"""
