// What people do with ioredis and with node-redis, against the server at HOST PORT; prints one line for
// each scenario.
//
//     node scenarios.mjs ioredis|redis 127.0.0.1 6379 2|3
//
// tests/libraries.rs runs it on Aerolite and on redis-server. A scenario that fails throws, and the exit
// status says so.

import { deepStrictEqual as equal, rejects } from "node:assert";
import { createRequire } from "node:module";

// The packages are where NODE_MODULES_IN says, not beside this file.
const require = createRequire(`${process.env.NODE_MODULES_IN}/`);
const [library, host, port, protocol] = process.argv.slice(2);
const CONNECTIONS = 1000;
const TIMEOUT_MS = 20_000;

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function until(holds) {
  for (const end = Date.now() + TIMEOUT_MS; !(await holds()); await pause(5)) {
    if (Date.now() > end) throw new Error("it never came");
  }
}

function withIoredis() {
  const Redis = require("ioredis");
  const connect = (options = {}) => new Redis({ host, port, protocol: Number(protocol), ...options });
  const r = connect();

  return {
    flush: () => r.flushall(),
    end: () => r.quit(),

    async pipeline() {
      const pipe = r.pipeline();
      for (let i = 0; i < 1000; i++) pipe.set(`p:${i}`, i).get(`p:${i}`);
      const replies = await pipe.exec();
      equal(replies.filter((_, i) => i % 2).map(([, value]) => value), [...Array(1000).keys()].map(String));
      const [[, ok], [error], [, text]] = await r.pipeline().set("text", "x").incr("text").get("text").exec();
      equal([ok, error.message, text], ["OK", "ERR value is not an integer or out of range", "x"]);
    },

    async transaction() {
      equal(await r.multi().set("a", 1).incr("a").hset("h", { f: "v" }).hgetall("h").exec(), [
        [null, "OK"], [null, 2], [null, 1], [null, { f: "v" }],
      ]);
      const other = connect();
      await r.set("counter", 0);
      let tries = 0;
      for (let done = null; done === null; tries++) {
        await r.watch("counter");
        const value = Number(await r.get("counter"));
        if (tries === 0) await other.incr("counter");
        done = await r.multi().set("counter", value + 10).exec();
      }
      equal([await r.get("counter"), tries], ["11", 2]);
      await other.quit();
    },

    async pubsub() {
      const subscriber = connect();
      const heard = [];
      subscriber.on("message", (channel, message) => heard.push([channel, message]));
      subscriber.on("pmessage", (pattern, channel, message) => heard.push([pattern, channel, message]));
      equal([await subscriber.subscribe("news"), await subscriber.psubscribe("n*s")], [1, 2]);
      equal(await r.publish("news", "hello"), 2);
      await until(() => heard.length === 2);
      equal(heard, [["news", "hello"], ["n*s", "news", "hello"]]);
      equal(await subscriber.unsubscribe("news"), 1);
      await subscriber.quit();
    },

    async blocking() {
      const waiting = connect();
      const popped = waiting.blpop("q1", "q2", 20);
      await until(async () => (await r.info("clients")).includes("blocked_clients:1"));
      await r.rpush("q2", "job");
      equal(await popped, ["q2", "job"]);
      equal(await waiting.blpop("q1", 0.05), null);
      await waiting.quit();
    },

    async scan() {
      await r.mset(...Array.from({ length: 2000 }, (_, i) => [`k:${i}`, 1]).flat());
      const seen = new Set();
      for await (const keys of r.scanStream({ match: "k:*", count: 100 })) keys.forEach((key) => seen.add(key));
      equal(seen.size, 2000);
    },

    async caching() {
      // In RESP3 the library has no ear for invalidations.
      if (protocol !== "2") return;
      const [reader, hears] = [connect(), connect()];
      const heard = [];
      hears.on("message", (channel, keys) => heard.push([channel, keys]));
      const target = await hears.client("ID");
      await hears.subscribe("__redis__:invalidate");
      await reader.client("TRACKING", "ON", "REDIRECT", target);
      await r.set("cached", "old");
      equal(await reader.get("cached"), "old");
      await r.set("cached", "new");
      await until(() => heard.length === 1);
      equal(String(heard[0][1]), "cached");
      await Promise.all([reader.quit(), hears.quit()]);
    },

    async acl() {
      await r.call("ACL", "SETUSER", "ann", "reset", "on", ">secret", "~app:*", "+get", "+set", "+info");
      const ann = connect({ username: "ann", password: "secret" });
      equal(await ann.set("app:1", "x"), "OK");
      await rejects(ann.get("other"), /^ReplyError: NOPERM/);
      await ann.disconnect();
      equal(await r.call("ACL", "DELUSER", "ann"), 1);
    },

    async many() {
      const clients = Array.from({ length: CONNECTIONS }, () => connect());
      const replies = await Promise.all(clients.map((client) => client.multi().incr("many").exec()));
      equal(Math.max(...replies.map(([[, n]]) => n)), CONNECTIONS);
      clients.forEach((client) => client.disconnect());
    },
  };
}

async function withNodeRedis() {
  const { createClient } = require("redis");
  const RESP = Number(protocol);
  const connect = async (options = {}) => {
    const client = createClient({ socket: { host, port: Number(port) }, RESP, ...options });
    client.on("error", () => {});
    return client.connect();
  };
  const r = await connect();

  return {
    flush: () => r.flushAll(),
    end: () => r.close(),

    async pipeline() {
      const work = Array.from({ length: 1000 }, (_, i) => [r.set(`p:${i}`, String(i)), r.get(`p:${i}`)]);
      const replies = await Promise.all(work.flat());
      equal(replies.filter((_, i) => i % 2), [...Array(1000).keys()].map(String));
      await r.set("text", "x");
      await rejects(r.incr("text"), /not an integer/);
    },

    async transaction() {
      const replies = await r.multi().set("a", "1").incr("a").hSet("h", "f", "v").hGet("h", "f").exec();
      equal(replies, ["OK", 2, 1, "v"]);
      const other = await connect();
      await r.set("counter", "0");
      let tries = 0;
      for (let done = false; !done; tries++) {
        await r.watch("counter");
        const value = Number(await r.get("counter"));
        if (tries === 0) await other.incr("counter");
        done = await r.multi().set("counter", String(value + 10)).exec().catch(() => false);
      }
      equal([await r.get("counter"), tries], ["11", 2]);
      await other.close();
    },

    async pubsub() {
      const subscriber = await connect();
      const heard = [];
      await subscriber.subscribe("news", (message, channel) => heard.push([channel, message]));
      await subscriber.pSubscribe("n*s", (message, channel) => heard.push([channel, message]));
      await subscriber.sSubscribe("shard", (message, channel) => heard.push([channel, message]));
      equal([await r.publish("news", "hello"), await r.sPublish("shard", "there")], [2, 1]);
      await until(() => heard.length === 3);
      equal(heard, [["news", "hello"], ["news", "hello"], ["shard", "there"]]);
      await subscriber.unsubscribe();
      await subscriber.pUnsubscribe();
      await subscriber.sUnsubscribe();
      equal(String(await subscriber.ping()), "PONG");
      await subscriber.close();
    },

    async blocking() {
      const waiting = await connect();
      const popped = waiting.blPop(["q1", "q2"], 20);
      await until(async () => (await r.info("clients")).includes("blocked_clients:1"));
      await r.rPush("q2", "job");
      equal({ ...(await popped) }, { key: "q2", element: "job" });
      equal(await waiting.blPop("q1", 0.05), null);
      await waiting.close();
    },

    async scan() {
      await r.mSet(Array.from({ length: 2000 }, (_, i) => [`k:${i}`, "1"]));
      const seen = new Set();
      for await (const keys of r.scanIterator({ MATCH: "k:*", COUNT: 100 })) [keys].flat().forEach((key) => seen.add(key));
      equal(seen.size, 2000);
    },

    async caching() {
      if (RESP !== 3) return;
      const reader = await connect({ clientSideCache: { ttl: 0, maxEntries: 0 } });
      await r.set("cached", "old");
      equal([await reader.get("cached"), await reader.get("cached")], ["old", "old"]);
      await r.set("cached", "new");
      await until(async () => (await reader.get("cached")) === "new");
      await reader.close();
    },

    async acl() {
      await r.aclSetUser("ann", ["reset", "on", ">secret", "~app:*", "+get", "+set", "+hello", "+client"]);
      const ann = await connect({ username: "ann", password: "secret" });
      equal(await ann.set("app:1", "x"), "OK");
      await rejects(ann.get("other"), /NOPERM/);
      ann.destroy();
      equal(await r.aclDelUser("ann"), 1);
    },

    async many() {
      const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => connect()));
      const replies = await Promise.all(clients.map((client) => client.multi().incr("many").exec()));
      equal(Math.max(...replies.map(([n]) => n)), CONNECTIONS);
      clients.forEach((client) => client.destroy());
    },
  };
}

const { flush, end, ...scenarios } = library === "ioredis" ? withIoredis() : await withNodeRedis();
for (const [name, scenario] of Object.entries(scenarios)) {
  await flush();
  await scenario();
  console.log(name);
}
await end();
