"""The console: pages that the collector serves to people on the shop floor and in the quality office.

Line (live), search and history of any identifier, what is set aside with retry, verify, agents and collectors, and
controlled documents (`documents`, a folder of its own); the same answers as JSON under `/api`, described in
`/openapi.json`. `board` knows what agents and collectors say and what has just been stored; `questions` asks the
console's own store; the service's guard stands in front of all; `pages` and `api` answer.

Promise: it reads. It changes nothing but on buttons (retry, verify, close, let go, sign), which need a token that only
its own pages hold. It runs on its own thread with its own store, so no record waits for a question. Whatever a serial
holds is shown literally; no script but `static/console.js` runs.
"""
