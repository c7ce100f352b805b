"""One POP3 session of Python's poplib over TLS: fetches everything into a folder.

usage: poplib_over_tls.py pop3s|stls HOST PORT CAFILE USER|APOP NAME PASSWORD FOLDER
"""

import pathlib
import poplib
import ssl
import sys

transport, host, port, cafile, mechanism, name, password, folder = sys.argv[1:]
poplib._MAXLINE = 1 << 20  # the module's own limit is 2048 octets a line, which real mail exceeds

context = ssl.create_default_context(cafile=cafile)
if transport == "pop3s":
    session = poplib.POP3_SSL(host, int(port), timeout=30, context=context)
else:
    session = poplib.POP3(host, int(port), timeout=30)
    assert "STLS" in session.capa()
    session.stls(context)
capabilities = session.capa()
assert "STLS" not in capabilities and "USER" in capabilities, capabilities
if mechanism == "APOP":
    session.apop(name, password)
else:
    session.user(name)
    session.pass_(password)
for number in range(1, session.stat()[0] + 1):
    _, lines, _ = session.retr(number)
    pathlib.Path(folder, str(number)).write_bytes(b"".join(line + b"\r\n" for line in lines))
session.quit()
