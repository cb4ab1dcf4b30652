"""What people at stations suggested, and what the office answered.

Promise: a suggestion is open until somebody of the quality office has answered it; what returns is committed in the
store, in the office's own chain, and nothing is written for an answer that is refused (`Declined`, with the sentence).
The same records give the same list, in whatever order a store gives them. The answer goes back to the station with the
list of its line (`holds`).

Read `known` (from records to suggestions), then `office`, where they are answered.
"""
