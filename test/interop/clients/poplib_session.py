"""One POP3 session of Python's poplib: fetches everything into a folder, prints what the listings said as JSON.

usage: poplib_session.py PORT USER PASSWORD FOLDER keep|delete quit|drop
"""

import json
import pathlib
import poplib
import sys

port, user, password, folder, fate, end = sys.argv[1:]
poplib._MAXLINE = 1 << 20  # the module's own limit is 2048 octets a line, which real mail exceeds

session = poplib.POP3("127.0.0.1", int(port), timeout=30)
session.user(user)
session.pass_(password)
capabilities = session.capa()
count, octets = session.stat()
listing = [line.decode().split() for line in session.list()[1]]
uidls = [line.decode().split()[1] for line in session.uidl()[1]]
for number in range(1, count + 1):
    _, lines, _ = session.retr(number)
    pathlib.Path(folder, str(number)).write_bytes(b"".join(line + b"\r\n" for line in lines))
    _, top, _ = session.top(number, 0)
    assert lines[: len(top)] == top, f"TOP {number} 0 is not the beginning of RETR {number}"
    if fate == "delete":
        session.dele(number)
if end == "quit":
    session.quit()
else:
    session.close()
print(json.dumps({"octets": octets, "listing": [int(size) for _, size in listing], "uidls": uidls,
                  "capabilities": sorted(capabilities)}))
