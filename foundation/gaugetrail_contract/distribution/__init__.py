"""Documents on their way to the stations: what the collector that writes them says on `gaugetrail/v1/documents/…`.

    root (at most 4 KB, signed)  ->  pages (60 KB each)  ->  parts of a text (60 KB each)

Promise: the root is signed by the plant's document key and names its pages by digest, a page names each text by digest.
So one signature vouches for all of it, whoever has carried it, and each piece can be proved alone. Reading is bounded
before anything is believed, and each fault is one sentence. A root that goes back shows, by its number.

Read `listing` (what a page says of an edition), `current` (which editions that is), `spreading` and `pages`,
`root`, `text_parts`, then `judging`: what an agent does with
a root that came, and `in_force`: what it may work by.
"""
