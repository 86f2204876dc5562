"""One client sends a PING every 10 ms and waits for each PONG. The same waits, counted in two ways.

    python3 two_p99.py [port] [seconds]

Counted from sending, a server that stops for a second is one slow PING. Counted from the moment at which the PING
was due, it is a hundred: all those that the client would have sent if it had not had to wait itself.
"""

import socket
import sys
import time

INTERVAL_S = 0.01
SLOW_S = 0.1


def main():
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 6379
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    with socket.create_connection(("127.0.0.1", port), timeout=30) as server:
        from_sending, from_due = ping_for(server, seconds)
    report("from sending", from_sending)
    report("from when it was due", from_due)


# ANCHOR: ping
def ping_for(server, seconds):
    from_sending, from_due = [], []
    replies = server.makefile("rb")
    begun = time.monotonic()
    for number in range(round(seconds / INTERVAL_S)):
        due = begun + number * INTERVAL_S
        time.sleep(max(0, due - time.monotonic()))
        sent = time.monotonic()
        server.sendall(b"PING\r\n")
        if not replies.readline():
            break
        came = time.monotonic()
        from_sending.append(came - sent)
        from_due.append(came - due)
    return from_sending, from_due
# ANCHOR_END: ping


def report(how, waits):
    waits.sort()
    if not waits:
        print(f"{how}: no reply came")
        return
    slow = sum(wait > SLOW_S for wait in waits)
    p50, p99 = (waits[int(len(waits) * q)] * 1000 for q in (0.5, 0.99))
    print(f"{how}: {slow} of {len(waits)} slow, p50 {p50:.1f} ms, p99 {p99:.1f} ms, max {waits[-1] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
