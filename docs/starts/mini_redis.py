"""A small Redis on asyncio, in the shape that readers of a Python workshop have built: a TCP server, a RESP parser on a
StreamReader, the commands, and expiry in two ways, passive and by sampling. Written anew for this book, with the names
that they gave their pieces. The chapter "Coming from asyncio" takes it apart, and tests/starts.rs runs it.

    python3 mini_redis.py [PORT]
"""

import asyncio
import random
import sys
import time

SAMPLE_SIZE = 20
THRESHOLD_PERCENT = 25
MAX_ARGS = 1024 * 1024
MAX_BULK = 512 * 1024 * 1024


class RESPProtocolError(Exception):
    pass


class CommandError(Exception):
    pass


# ANCHOR: parser
class RESPParser:
    async def parse_command(self, reader):
        count = await self._header(reader, b"*", MAX_ARGS)
        return [await self._bulk(reader) for _ in range(count)]

    async def _bulk(self, reader):
        length = await self._header(reader, b"$", MAX_BULK)
        return (await reader.readexactly(length + 2))[:-2]

    async def _header(self, reader, prefix, limit):
        line = await reader.readuntil(b"\r\n")
        if line[:1] != prefix or not line[1:-2].isdigit() or int(line[1:-2]) > limit:
            raise RESPProtocolError("Protocol error")
        return int(line[1:-2])
    # ANCHOR_END: parser

    def encode(self, result):
        if isinstance(result, str):
            return b"+%s\r\n" % result.encode()
        if isinstance(result, int):
            return b":%d\r\n" % result
        if result is None:
            return b"$-1\r\n"
        return b"$%d\r\n%s\r\n" % (len(result), result)

    def encode_error(self, message):
        return b"-ERR %s\r\n" % message.encode()


class DataStore:
    def __init__(self):
        self.values = {}
        self.expiry_at = {}

    def set(self, key, value):
        self.values[key] = value
        self.expiry_at.pop(key, None)

    def delete(self, key):
        self.values.pop(key, None)
        self.expiry_at.pop(key, None)


class ExpiryManager:
    def __init__(self, store):
        self._store = store
        self._task = None

    # ANCHOR: passive
    def check_and_remove_expired(self, key):
        expiry_at = self._store.expiry_at.get(key)
        if expiry_at is None or time.time() < expiry_at:
            return False
        self._store.delete(key)
        return True
    # ANCHOR_END: passive

    def start(self):
        self._task = asyncio.create_task(self._run_active_expiry())

    async def stop(self):
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    # ANCHOR: active
    async def _run_active_expiry(self):
        while True:
            await asyncio.sleep(1)
            self._active_expiry_cycle()

    def _active_expiry_cycle(self):
        while self._store.values:
            keys = list(self._store.values)
            sample = random.sample(keys, min(SAMPLE_SIZE, len(keys)))
            deleted = sum(self.check_and_remove_expired(key) for key in sample)
            if deleted * 100 <= THRESHOLD_PERCENT * len(sample):
                return
    # ANCHOR_END: active


class CommandHandler:
    def __init__(self, store, expiry):
        self._store, self._expiry = store, expiry
        self._commands = {
            b"PING": (self._ping, 0, 1), b"ECHO": (self._echo, 1, 1), b"DBSIZE": (self._dbsize, 0, 0),
            b"GET": (self._get, 1, 1), b"SET": (self._set, 2, 2), b"INCR": (self._incr, 1, 1),
            b"EXPIRE": (self._expire, 2, 2), b"TTL": (self._ttl, 1, 1),
        }  # fmt: skip

    def execute(self, command):
        name, args = command[0], command[1:]
        entry = self._commands.get(name.upper())
        if entry is None:
            raise CommandError(f"unknown command '{name.decode(errors='replace')}'")
        function, fewest, most = entry
        if not fewest <= len(args) <= most:
            raise CommandError(f"wrong number of arguments for '{name.decode().lower()}' command")
        return function(*args)

    def _ping(self, message=None):
        return "PONG" if message is None else message

    def _echo(self, message):
        return message

    def _dbsize(self):
        return len(self._store.values)

    def _get(self, key):
        self._expiry.check_and_remove_expired(key)
        return self._store.values.get(key)

    def _set(self, key, value):
        self._store.set(key, value)
        return "OK"

    def _incr(self, key):
        self._expiry.check_and_remove_expired(key)
        number = self._integer(self._store.values.get(key, b"0")) + 1
        self._store.values[key] = b"%d" % number
        return number

    def _expire(self, key, seconds):
        seconds = self._integer(seconds)
        self._expiry.check_and_remove_expired(key)
        if key not in self._store.values:
            return 0
        self._store.expiry_at[key] = time.time() + seconds
        return 1

    def _ttl(self, key):
        self._expiry.check_and_remove_expired(key)
        if key not in self._store.values:
            return -2
        expiry_at = self._store.expiry_at.get(key)
        return -1 if expiry_at is None else int(expiry_at - time.time())

    def _integer(self, text):
        try:
            return int(text)
        except ValueError:
            raise CommandError("value is not an integer or out of range") from None


class ClientHandler:
    def __init__(self, parser, handler):
        self._parser, self._handler = parser, handler

    # ANCHOR: handle
    async def handle(self, reader, writer):
        try:
            while True:
                command = await self._parser.parse_command(reader)
                writer.write(self._answer(command))
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # it has left, or a line of it is longer than the reader's limit
        except (RESPProtocolError, ConnectionError):
            pass
        finally:
            writer.close()
    # ANCHOR_END: handle

    def _answer(self, command):
        try:
            return self._parser.encode(self._handler.execute(command)) if command else b""
        except CommandError as error:
            return self._parser.encode_error(str(error))


class TCPServer:
    def __init__(self, port):
        self._port = port
        self._store = DataStore()
        self._expiry = ExpiryManager(self._store)
        self._clients = ClientHandler(RESPParser(), CommandHandler(self._store, self._expiry))

    async def start(self):
        server = await asyncio.start_server(self._clients.handle, "127.0.0.1", self._port)
        self._expiry.start()
        try:
            async with server:
                await server.serve_forever()
        finally:
            await self._expiry.stop()


if __name__ == "__main__":
    asyncio.run(TCPServer(int(sys.argv[1]) if len(sys.argv) > 1 else 16379).start())
