"""What is refused: whose matter it is, and how often it becomes a record. Pure.

Read `refusals`, then `refusal_book`.
"""
