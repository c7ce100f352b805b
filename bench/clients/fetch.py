"""Fetches all messages of a maildrop with poplib, counts their octets, and prints what it took.

    python3 fetch.py SCENARIO PORT MESSAGES
"""
import json
import poplib
import resource
import sys
import time

poplib._MAXLINE = 1 << 20
scenario, port, messages = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


def most_memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


before = most_memory()
used_before = time.process_time()
begun = time.perf_counter()
client = poplib.POP3("127.0.0.1", port)
client.user(scenario)
client.pass_("x")
octets = 0
for number in range(1, messages + 1):
    _, lines, _ = client.retr(number)
    octets += sum(len(line) + 2 for line in lines)
client.quit()
print(json.dumps({
    "ms": (time.perf_counter() - begun) * 1000,
    "processorMs": (time.process_time() - used_before) * 1000,
    "messages": messages,
    "octets": octets,
    "memoryMiB": most_memory() - before,
}))
