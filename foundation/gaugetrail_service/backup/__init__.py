"""What a daemon keeps, in one file, and back from it: keys, settings, databases.

Promise: a backup is made beside the running daemon and is of one moment for each database in it; nothing is put back
before the whole file has proven itself; nothing that stands in the way is lost, it is moved beside. The file holds
private keys and passwords and is readable by its owner alone.

Read `bundle` (the file: its format, writing, proving), `named_files` (which files settings name), `databases` (a SQLite
file copied while it is written) and `laying` (files put back, and whose they are then).
"""
