"""One POP3 session of Python's poplib, with `utf8()` or without; prints what it got as JSON, messages in base64.

usage: poplib_utf8.py PORT USER PASSWORD utf8|plain
"""

import base64
import json
import poplib
import sys

port, user, password, form = sys.argv[1:]
session = poplib.POP3("127.0.0.1", int(port), timeout=30)
session.encoding = "UTF-8"
capabilities = session.capa()
if form == "utf8":
    session.utf8()
session.user(user)
session.pass_(password)
count, octets = session.stat()
listing = [int(line.split()[1]) for line in session.list()[1]]
messages = []
for number in range(1, count + 1):
    _, lines, _ = session.retr(number)
    _, top, _ = session.top(number, 0)
    assert lines[: len(top)] == top, f"TOP {number} 0 is not the beginning of RETR {number}"
    messages.append(base64.b64encode(b"".join(line + b"\r\n" for line in lines)).decode())
session.quit()
print(json.dumps({"octets": octets, "listing": listing, "messages": messages,
                  "utf8": capabilities.get("UTF8"), "lang": "LANG" in capabilities}))
