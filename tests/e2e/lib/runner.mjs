// A small test runner. Tests of a suite run side by side, each with its own time limit and its own
// list of things to stop; a suite prints TAP lines and ends the process with 0 or 1.
//
//   const { test, shared, run } = suite("rooms");
//   const server = shared(() => startPluvd(["--dev"]));
//   test("two clients see each other", async (t) => { const { url } = await server(); ... });
//   await run();
import process from "node:process";

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Waits until check() answers something true, and answers it. Slow machines and sanitizers are why
// the limit is generous: a passing test never waits for it.
export async function until(check, { timeout = 20_000, what = "the condition" } = {}) {
  const end = Date.now() + timeout;
  for (;;) {
    const value = await check();
    if (value) return value;
    if (Date.now() > end) throw new Error(`waited ${timeout} ms for ${what}`);
    await sleep(10);
  }
}

class TestContext {
  #stops = [];

  constructor(name) {
    this.name = name;
    // A room name nobody else uses.
    this.room = `room-${name.replace(/[^a-z0-9]+/gi, "-").slice(0, 40)}-${TestContext.#next++}`
      .replace(/-+/g, "-");
  }

  // Has something stopped when the test ends; answers it. stop() or close() is called, or fn.
  use(thing, fn = (it) => (it.stop ? it.stop() : it.close())) {
    this.#stops.push(() => fn(thing));
    return thing;
  }

  async end() {
    const errors = [];
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        errors.push(error);
      }
    }
    return errors;
  }

  static #next = 1;
}

// parallel: tests that run at the same time. limit_ms: of each test that names none.
export function suite(name, { parallel = 12, limit_ms = 60_000 } = {}) {
  const tests = [];
  const sharedThings = new Map();

  function test(title, options, body) {
    if (typeof options === "function") [options, body] = [{}, options];
    tests.push({ title, body, limit_ms: options.limit_ms ?? limit_ms, skip: options.skip });
  }

  // A thing that the suite's tests share: made at its first use, stopped at the end.
  function shared(make) {
    const key = Symbol(name);
    return () => {
      if (!sharedThings.has(key)) sharedThings.set(key, make());
      return sharedThings.get(key);
    };
  }

  async function runOne(one) {
    const context = new TestContext(one.title);
    let timer;
    const expired = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error(`over its limit of ${one.limit_ms} ms`)),
                         one.limit_ms);
    });
    const errors = [];
    try {
      await Promise.race([one.body(context), expired]);
    } catch (error) {
      errors.push(error);
    }
    clearTimeout(timer);
    errors.push(...await context.end());
    return errors;
  }

  // Ends the process. Arguments "~TEXT" choose the tests with that text in their title.
  async function run() {
    const words = process.argv.slice(2).filter((word) => word.startsWith("~"));
    const chosen = tests.filter((one) => words.every((word) => one.title.includes(word.slice(1))));
    let passed = 0;
    let failed = 0;
    let next = 0;
    const report = (title, errors, ms) => {
      const line = `${passed + failed + 1} - ${title} (${ms} ms)`;
      if (errors.length === 0) {
        ++passed;
        console.log(`ok ${line}`);
        return;
      }
      console.log(`not ok ${line}`);
      ++failed;
      for (const error of errors) {
        console.log(String(error?.stack ?? error).replace(/^/gm, "    "));
      }
    };
    const worker = async () => {
      while (next < chosen.length) {
        const one = chosen[next++];
        if (one.skip) {
          console.log(`ok # SKIP ${one.title}: ${one.skip}`);
          continue;
        }
        const begin = Date.now();
        report(one.title, await runOne(one), Date.now() - begin);
      }
    };
    console.log(`# ${name}: ${chosen.length} tests`);
    await Promise.all(Array.from({ length: parallel }, worker));
    for (const thing of sharedThings.values()) {
      try {
        await (await thing).stop();
      } catch (error) {
        report(`${name}: the shared server ends in order`, [error], 0);
      }
    }
    console.log(`${passed} passed, ${failed} failed`);
    process.exit(failed === 0 && passed > 0 ? 0 : 1);
  }

  return { test, shared, run };
}

process.on("unhandledRejection", (error) => {
  console.log(`not ok - unhandled rejection\n    ${error?.stack ?? error}`);
  process.exit(1);
});
