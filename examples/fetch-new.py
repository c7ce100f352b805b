#!/usr/bin/env python3
"""Fetches what is new in a maildrop into a folder, once each, and leaves everything on the server.

usage: POP3_PASSWORD=... fetch-new.py HOST PORT USER FOLDER

A file named after its unique-id is a message that was fetched: unique-ids never change and are never used again, so
nothing else has to be remembered. Python's poplib alone, no Poplar on this side.
"""

import os
import pathlib
import poplib
import sys

poplib._MAXLINE = 1 << 20  # poplib refuses lines above 2048 octets, which real mail has


def fetch_new(host: str, port: int, user: str, password: str, folder: pathlib.Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    fetched = 0
    session = poplib.POP3(host, port, timeout=60)
    try:
        session.user(user)
        session.pass_(password)
        for line in session.uidl()[1]:
            number, uidl = line.decode("ascii").split()
            # Unique-ids may hold any printable character, a slash too.
            target = folder / (uidl.replace("%", "%25").replace("/", "%2F") + ".eml")
            if target.exists():
                continue
            _, lines, _ = session.retr(int(number))
            part = target.with_suffix(".part")
            part.write_bytes(b"".join(line + b"\r\n" for line in lines))
            part.rename(target)
            fetched += 1
    finally:
        session.quit()
    return fetched


if __name__ == "__main__":
    host, port, user, folder = sys.argv[1:]
    count = fetch_new(host, int(port), user, os.environ["POP3_PASSWORD"], pathlib.Path(folder))
    print(f"fetched {count} new")
