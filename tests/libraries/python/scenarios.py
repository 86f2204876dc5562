"""What people do with redis-py, against the server at HOST PORT; prints one line for each scenario.

    python scenarios.py 127.0.0.1 6379 2|3 python|hiredis

tests/libraries.rs runs it in RESP2 and RESP3, with the parser in Python and with hiredis, on Aerolite and on
redis-server. A scenario that fails raises, and the exit status says so.
"""

import sys
import threading
import time

import redis
from redis._parsers import _HiredisParser, _RESP2Parser, _RESP3Parser
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError, WatchError

HOST, PORT, PROTOCOL = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
PARSER = {
    ("hiredis", 2): _HiredisParser,
    ("hiredis", 3): _HiredisParser,
    ("python", 2): _RESP2Parser,
    ("python", 3): _RESP3Parser,
}[sys.argv[4], PROTOCOL]

# Longer than anything here takes; what hangs is to fail.
TIMEOUT_S = 20
CONNECTIONS = 1000


def connect(**options):
    pool = redis.ConnectionPool(
        host=HOST,
        port=PORT,
        protocol=PROTOCOL,
        parser_class=PARSER,
        socket_timeout=TIMEOUT_S,
        max_connections=2 * CONNECTIONS,
        **options,
    )
    return redis.Redis(connection_pool=pool)


def equal(got, wanted):
    assert got == wanted, f"got {got!r}, wanted {wanted!r}"


def raises(kind, call):
    try:
        got = call()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was to be raised, got {got!r}")


def pipeline(r):
    with r.pipeline(transaction=False) as pipe:
        for i in range(1000):
            pipe.set(f"p:{i}", i).get(f"p:{i}")
        replies = pipe.execute()
    equal(replies[1::2], [b"%d" % i for i in range(1000)])
    with r.pipeline(transaction=False) as pipe:
        pipe.set("text", "x").incr("text").get("text")
        replies = pipe.execute(raise_on_error=False)
    equal((replies[0], replies[2]), (True, b"x"))
    assert isinstance(replies[1], ResponseError), replies


def transaction(r):
    with r.pipeline(transaction=True) as pipe:
        pipe.set("a", 1).incr("a").lpush("l", "x", "y").hset("h", mapping={"f": "v"}).hgetall("h")
        equal(pipe.execute(), [True, 2, 2, 1, {b"f": b"v"}])


def watch_retry(r):
    """Two threads count up with WATCH; nothing is lost, and somebody had to try again."""
    r.set("counter", 0)
    other = connect()
    tries = []

    def interfere(pipe):
        tries.append(1)
        value = int(pipe.get("counter"))
        if len(tries) == 1:
            other.incr("counter")
        pipe.multi()
        pipe.set("counter", value + 10)

    r.transaction(interfere, "counter")
    equal((r.get("counter"), len(tries)), (b"11", 2))

    def count():
        mine = connect()

        def increment(pipe):
            value = int(pipe.get("counter"))
            pipe.multi()
            pipe.set("counter", value + 1)

        for _ in range(50):
            mine.transaction(increment, "counter")

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    equal(r.get("counter"), b"211")
    with r.pipeline() as pipe:
        pipe.watch("counter")
        other.delete("counter")
        pipe.multi()
        pipe.ping()
        raises(WatchError, pipe.execute)


def pubsub(r):
    p = r.pubsub()
    p.subscribe("news")
    p.psubscribe("n*s")
    equal([p.get_message(timeout=TIMEOUT_S)["type"] for _ in range(2)], ["subscribe", "psubscribe"])
    equal(r.publish("news", "hello"), 2)
    got = [p.get_message(timeout=TIMEOUT_S) for _ in range(2)]
    got = [(m["type"], m["channel"], m["data"]) for m in got]
    equal(got, [("message", b"news", b"hello"), ("pmessage", b"news", b"hello")])
    equal((r.pubsub_channels(), r.pubsub_numpat(), r.pubsub_numsub("news")), ([b"news"], 1, [(b"news", 1)]))
    p.ping()
    equal(p.get_message(timeout=TIMEOUT_S)["type"], "pong")
    heard = []
    q = r.pubsub(ignore_subscribe_messages=True)
    q.subscribe(**{"work": lambda m: heard.append(m["data"])})
    thread = q.run_in_thread(sleep_time=0.01, daemon=True)
    while r.pubsub_numsub("work") != [(b"work", 1)]:
        time.sleep(0.01)
    for i in range(100):
        r.publish("work", i)
    until(lambda: len(heard) == 100)
    thread.stop()
    thread.join()
    equal(heard, [b"%d" % i for i in range(100)])
    p.unsubscribe()
    p.punsubscribe()
    p.close()


def until(done):
    end = time.monotonic() + TIMEOUT_S
    while not done():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def keyspace_events(r):
    r.config_set("notify-keyspace-events", "Ex")
    p = r.pubsub(ignore_subscribe_messages=True)
    p.subscribe("__keyevent@0__:expired")
    p.get_message(timeout=TIMEOUT_S)
    r.set("short", "x", px=50)
    message = None
    end = time.monotonic() + TIMEOUT_S
    while message is None and time.monotonic() < end:
        message = p.get_message(timeout=1)
    equal((message["channel"], message["data"]), (b"__keyevent@0__:expired", b"short"))
    r.config_set("notify-keyspace-events", "")
    p.close()


def blocking_pop(r):
    waiting = connect()
    got = []
    thread = threading.Thread(target=lambda: got.append(waiting.blpop(["q1", "q2"], timeout=TIMEOUT_S)))
    thread.start()
    until(lambda: r.info("clients")["blocked_clients"] == 1)
    r.rpush("q2", "job")
    thread.join()
    # As a tuple or as a list: redis-py has changed its mind about that.
    equal([list(reply) for reply in got], [[b"q2", b"job"]])
    equal(r.blpop(["q1"], timeout=0.05), None)
    r.rpush("from", "1", "2")
    equal(r.blmove("from", "to", 1, "LEFT", "RIGHT"), b"1")
    r.zadd("z", {"m": 1.5})
    equal(list(r.bzpopmin("z", timeout=1)), [b"z", b"m", 1.5])


def scan(r):
    names = {b"k:%d" % i for i in range(2000)}
    r.mset({name: 1 for name in names})
    equal(set(r.scan_iter(match="k:*", count=100)), names)
    r.hset("big:h", mapping={f"f{i}": i for i in range(1000)})
    equal(len(dict(r.hscan_iter("big:h"))), 1000)
    r.sadd("big:s", *range(1000))
    equal(len(set(r.sscan_iter("big:s"))), 1000)
    r.zadd("big:z", {f"m{i}": i for i in range(1000)})
    equal(len(dict(r.zscan_iter("big:z"))), 1000)


def caching(r):
    """Client-side caching by hand. (What redis-py brings for it asks for a server of version 7.4.)"""
    r.set("cached", "old")
    if PROTOCOL == 3:
        reader = connect().connection_pool.get_connection()
        heard = []
        reader._parser.set_invalidation_push_handler(heard.append)
        for command in (["CLIENT", "TRACKING", "ON"], ["GET", "cached"]):
            reader.send_command(*command)
            reader.read_response()
        r.set("cached", "new")
        reader.send_command("PING")
        equal(reader.read_response(), b"PONG")
        equal(heard, [[b"invalidate", [b"cached"]]])
        reader.disconnect()
    else:
        p = r.pubsub(ignore_subscribe_messages=True)
        p.subscribe("__redis__:invalidate")
        p.get_message(timeout=TIMEOUT_S)
        target = [c for c in r.client_list() if c["sub"] == "1"][0]["id"]
        with connect().client() as one:
            one.execute_command("CLIENT", "TRACKING", "ON", "REDIRECT", target)
            equal(one.get("cached"), b"old")
            r.set("cached", "new")
            message = None
            while message is None:
                message = p.get_message(timeout=TIMEOUT_S)
            equal((message["channel"], message["data"]), (b"__redis__:invalidate", [b"cached"]))
        p.close()


def acl(r):
    commands = ["+get", "+set", "+@hash", "-hdel"]
    r.acl_setuser("ann", enabled=True, passwords=["+secret"], keys=["app:*"], commands=commands, reset=True)
    assert b"ann" in r.acl_users() or "ann" in r.acl_users()
    ann = connect(username="ann", password="secret")
    ann.set("app:1", "x")
    equal(ann.get("app:1"), b"x")
    raises(NoPermissionError, lambda: ann.get("other"))
    raises(NoPermissionError, lambda: ann.hdel("app:h", "f"))
    raises(NoPermissionError, lambda: ann.flushall())
    raises(AuthenticationError, lambda: connect(username="ann", password="wrong").ping())
    user = r.acl_getuser("ann")
    assert "on" in user["flags"] and "nopass" not in user["flags"], user
    equal(r.acl_deluser("ann"), 1)
    raises(AuthenticationError, lambda: connect(username="ann", password="secret").ping())


def many(r):
    """A thousand connections at once, each with a transaction under way."""
    clients = [connect().connection_pool.get_connection() for _ in range(CONNECTIONS)]
    for client in clients:
        client.send_packed_command(client.pack_command("MULTI"))
        client.send_packed_command(client.pack_command("INCR", "many"))
        client.send_packed_command(client.pack_command("EXEC"))
    replies = []
    for client in clients:
        equal(client.read_response() in (b"OK", "OK"), True)
        equal(client.read_response() in (b"QUEUED", "QUEUED"), True)
        replies += client.read_response()
    equal(sorted(replies), list(range(1, CONNECTIONS + 1)))
    for client in clients:
        client.disconnect()


def main():
    r = connect()
    for scenario in (pipeline, transaction, watch_retry, pubsub, keyspace_events, blocking_pop, scan, caching, acl, many):
        r.flushall()
        scenario(r)
        print(scenario.__name__, flush=True)


main()
