"""Controlled documents at the line PC: which count now, and their texts, held on disk and proved.

Promise: what is held here was listed under the plant's document key and has the digest that was listed, also after a
power cut and at each start; nothing older ever takes its place. Without a connection all of it stays, and how old it is
is said. What doesn't hold is refused, counted and told, and asked for again; it is a record, too.

Read `settings`, `cabinet` (what lies on disk), `assembling` (parts that become a text), `refused_words` (what is
refused, as events), then `receiving`, where what comes is judged, and `shelf`, from which stations take them; the rules
themselves are the contract's (`gaugetrail_contract.distribution`). Where no collector writes, they come from a folder
of this PC: `journal` (the steps on disk), `own_desk` (where they are taken), `own_folder` (what the receiver is told),
`own_sealing` (the steps as events).
PINs come another way: `pins` (who has one),
`pin_guesses` (how often somebody may try), `unlocking` (who takes that back).
"""
