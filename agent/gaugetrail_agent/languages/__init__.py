"""What people at a station are told, in their language.

Promise: code names a sentence by its id and hands over values; the words stand in one file a language (`en.toml`, which
a translator copies) and are put together where they are shown. What another language lacks is said in English.

Read `en.toml` and `sentences`, then `spoken`: which of them for whom.
"""
