"""Fetches message 1 with poplib and prints it in base64; then stays for a while in which nothing is asked.

    python3 fetch-one.py PORT USER
"""
import base64
import poplib
import sys
import time

client = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=30)
client.user(sys.argv[2])
client.pass_("x")
_, lines, _ = client.retr(1)
print(base64.b64encode(b"".join(line + b"\r\n" for line in lines)).decode(), flush=True)
time.sleep(0.6)
