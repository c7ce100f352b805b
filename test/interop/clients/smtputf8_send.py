"""Sends one message, read from the standard input, with Python's smtplib and SMTPUTF8; prints EHLO's extensions as JSON.

usage: smtputf8_send.py PORT REVERSE-PATH FORWARD-PATH
"""

import json
import smtplib
import sys

port, reverse_path, forward_path = sys.argv[1:]
session = smtplib.SMTP("127.0.0.1", int(port), timeout=30, local_hostname="client.example")
session.ehlo()
# The module takes non-ASCII paths once it is told of the extension.
session.command_encoding = "utf-8"
refused = session.sendmail(reverse_path, [forward_path], sys.stdin.buffer.read(), ["SMTPUTF8", "BODY=8BITMIME"])
assert refused == {}, refused
extensions = sorted(session.esmtp_features)
session.quit()
print(json.dumps(extensions))
