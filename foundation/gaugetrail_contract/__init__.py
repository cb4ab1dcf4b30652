"""What agent and collector agreed on: records, seals, topics, receipts, status, settings, clock.

Pure but for one thing: `settings` reads a settings file and the secret files it names. Nothing here opens a socket, a
port or a database, so both services can be tested against it without either.
"""
