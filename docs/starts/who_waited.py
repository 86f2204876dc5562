"""Who made whom wait? The longest turns of a trace: who had the time, and who came after that.

    python3 who_waited.py TRACE.json [turns]
    python3 who_waited.py TRACE.json --arrows         from each client's reads to the writes of their replies
"""

import json
import sys
from bisect import bisect_right
from itertools import takewhile

CLIENTS = 2
# A sleep that is shorter than this was none: somebody was ready already.
NO_SLEEP_US = 1000


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    if sys.argv[2:] == ["--arrows"]:
        for client, ms in sorted(arrows(events).items()):
            print(f"client {client}: {ms:.1f} ms at the longest")
        return
    turns = turns_of(events)
    most = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    longest = sorted(range(len(turns)), key=lambda at: turns[at].awake_us, reverse=True)
    for at in sorted(longest[:most]):
        report(turns[at:])


class Turn:
    def __init__(self, event):
        self.number, self.start = event["args"]["turn"], event["ts"]
        self.awake_us, self.slept_us = event["dur"], 0
        self.slices = []

    def add(self, event):
        self.slices.append(event)
        if event["name"] == "poll":
            self.slept_us = event["dur"]
            self.awake_us -= event["dur"]


def turns_of(events):
    """A slice is an event with a beginning (ts) and a length (dur), in microseconds. Here each goes to its turn."""
    slices = [event for event in events if event["ph"] == "X"]
    slices.sort(key=lambda event: event["ts"])
    turns = [Turn(event) for event in slices if event["name"] == "turn"]
    starts = [turn.start for turn in turns]
    for event in slices:
        at = bisect_right(starts, event["ts"]) - 1
        if at >= 0:
            turns[at].add(event)
    return turns


# ANCHOR: report
def report(turns):
    """Tells of the first of these turns, and of who was kept waiting in it."""
    turn, later = turns[0], turns[1:]
    print(f"turn {turn.number}, awake {turn.awake_us / 1000:.1f} ms")
    commands = [event for event in turn.slices if is_command(event)]
    if not commands:
        return
    longest = max(commands, key=lambda event: event["dur"])
    culprit = f"client {longest['tid']}"
    print(f"  {len(commands)} commands, the longest:", end=" ")
    print(f"{longest['name']} of {culprit}, {longest['dur'] / 1000:.1f} ms")
    waited = set()
    for one in (turn, *takewhile(did_not_sleep, later)):
        for event in one.slices:
            if event["ts"] >= longest["ts"] + longest["dur"]:
                waited |= served_in(event)
    print("  came after it:", ", ".join(sorted(waited - {culprit})) or "nobody")
# ANCHOR_END: report


def did_not_sleep(turn):
    return turn.slept_us < NO_SLEEP_US


def served_in(event):
    if event["name"] == "read" and event["pid"] == CLIENTS:
        return {f"client {event['tid']}"}
    return {"a time event"} if event["name"] == "time_event" else set()


def arrows(events):
    """For each client the longest time from a read to the write that took
    its reply, in milliseconds."""
    begun, longest = {}, {}
    for event in events:
        if event["ph"] == "s":
            begun[event["id"]] = event["ts"]
        elif event["ph"] == "f" and event["id"] in begun:
            ms = (event["ts"] - begun.pop(event["id"])) / 1000
            longest[event["tid"]] = max(ms, longest.get(event["tid"], 0))
    return longest


def is_command(event):
    return event["pid"] == CLIENTS and event["name"] not in ("read", "write")


if __name__ == "__main__":
    main()
