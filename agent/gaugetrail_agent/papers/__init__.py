"""What stations work by, as files and documents in force give it: plans, registers, limits, reactions, instructions.

Promise: a text that can't be worked by bars its own plan and is said; a revision means one text, for good.

Read `plans`, `plans_seen`, `limits`, `shown`, then `documents` (all of it, from a shelf at a moment).
"""
