"""TLS to a server, and the certificates for it.

Promise: each connection reads every file anew, so that what is renewed on disk holds from the next one on; a fault is
said in words, with the file.

Read `contents` (what a certificate says of itself), `ends` (when it does) and `tls`.
"""
