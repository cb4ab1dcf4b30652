"""What an edition changes: in words, limits first, and what it would have meant for the last values. Pure, but for
`consequences`, which asks the store.

Read `differences`, `consequences`, then `texts_apart` (both together).
"""
