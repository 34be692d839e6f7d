// The demo in Chromium, against a pluvd of its own: people who write at the same time, whose net is
// cut, whose server is killed.
import assert from "node:assert/strict";

import { freePort, makeFolder, removeFolder } from "../e2e/lib/process.mjs";
import { suite, until } from "../e2e/lib/runner.mjs";
import { startPluvd } from "../e2e/lib/servers.mjs";
import { checkAccess, CONNECTION_LOST, openWindow, startBrowser, takePicture } from "./lib/browser.mjs";
import { DemoPage, sameText } from "./lib/demo_page.mjs";
import { Net } from "./lib/net.mjs";
import { planSaturday } from "./lib/scene.mjs";

const { test, shared, run } = suite("demo", { parallel: 2, limit_ms: 120_000 });
const browser = shared(startBrowser);
const server = shared(() => startPluvd(["--dev"]));

async function people(t, count, options = {}) {
  const { server: other, ...others } = options;
  const { http } = other ?? await server();
  const pages = [];
  for (let n = 0; n < count; ++n) {
    pages.push(await DemoPage.open(t, await browser(), options.http ?? http, t.room, others));
  }
  return pages;
}

test("two people write at the same time and read the same", async (t) => {
  const [ann, bob] = await people(t, 2);
  await ann.type("It was a dark night. ");
  await bob.shows("It was a dark night. ");
  await Promise.all([ann.typeFirst("A story by two. "), bob.type("The wind blew.")]);
  const text = await sameText([ann, bob], ["A story by two. ", "The wind blew."]);
  assert.equal(text, "A story by two. It was a dark night. The wind blew.");
});

test("five people write at the same time and read the same", async (t) => {
  const pages = await people(t, 5);
  const words = ["alpha ", "beta ", "gamma ", "delta ", "epsilon "];
  await Promise.all(pages.map((page, n) => page.type(words[n].repeat(3), { delay: 5 })));
  const text = await sameText(pages, []);
  assert.equal(text.length, words.join("").length * 3);
});

test("people see each other: names, mice, carets", async (t) => {
  const [ann, bob] = await people(t, 2);
  await ann.rename("Ann");
  await bob.rename("Bob");
  await bob.page.getByRole("list", { name: "2 people here" }).getByText("Ann").waitFor();
  await ann.page.getByRole("list", { name: "2 people here" }).getByText("Bob").waitFor();
  await ann.type("here I am");
  await bob.page.getByTestId("caret of Ann").waitFor({ state: "attached" });
  await bob.editor.hover();
  await ann.page.getByTestId("pointer of Bob").waitFor();
  await ann.page.keyboard.press("Control+A");
  await bob.page.locator(".remote-selection").first().waitFor();
  await bob.page.close();
  await ann.page.getByRole("list", { name: "Only you here" }).waitFor({ state: "attached" });
  await ann.messages.getByText("Bob has left").waitFor();
});

test("what is written without the net is kept, and is everybody's when it is back", async (t) => {
  const net = t.use(await Net.to((await server()).port));
  const [ann] = await people(t, 1, { http: net.http, expected: CONNECTION_LOST });
  const [bob] = await people(t, 1);
  await ann.type("one ");
  await bob.shows("one ");
  net.cut();
  await ann.page.getByRole("banner").getByText("Offline: your changes are kept").waitFor();
  await takePicture(ann.page, "demo-offline");
  await ann.type("two (offline) ");
  await ann.addTask("bought offline");
  await bob.typeFirst("zero (meanwhile) ");
  await bob.page.getByRole("list", { name: "Only you here" }).waitFor({ state: "attached" });
  net.mend();
  await sameText([ann, bob], ["zero (meanwhile) one two (offline) "]);
  await until(async () => (await bob.taskTexts()).includes("bought offline"));
  await ann.live();
  await bob.page.getByRole("list", { name: "2 people here" }).waitFor({ state: "attached" });
});

test("a browser that goes offline and comes back is in the room again", async (t) => {
  const [ann, bob] = await people(t, 2, { expected: CONNECTION_LOST });
  await ann.page.context().setOffline(true);
  await ann.type("offline ");
  await bob.type("online ");
  await ann.page.context().setOffline(false);
  await sameText([ann, bob], ["offline ", "online "]);
});

test("a server that is killed while people type costs nothing", async (t) => {
  const port = String(await freePort());
  const data = t.use(makeFolder(), removeFolder);
  const start = () => startPluvd(["--dev", "--port", port, "--data", data]);
  let mine = await start();
  t.use(null, () => mine.stop());
  const [ann, bob] = await people(t, 2, { server: mine, expected: CONNECTION_LOST });
  const lines = "the quick brown fox jumps over the lazy dog ";
  const typing = Promise.all([ann.type(lines, { delay: 40 }), bob.addTask("survive")]);
  await until(async () => (await bob.text()).length > 8);
  await mine.kill();
  mine = await start();
  await typing;
  await sameText([ann, bob], [lines]);
  await until(async () => (await ann.taskTexts()).includes("survive"));
  // And it is on the disk: for one who comes after both have gone.
  await ann.page.close();
  await bob.page.close();
  await mine.kill();
  mine = await start();
  const [late] = await people(t, 1, { server: mine });
  await late.shows(lines);
});

test("a page that is loaded anew shows all that was there", async (t) => {
  const [ann] = await people(t, 1);
  await ann.type("kept\nin two lines");
  await ann.addTask("a task");
  await ann.draw([0.2, 0.3], [0.6, 0.6]);
  await ann.hasStrokes(1);
  await ann.rename("Ann Again");
  await until(async () => (await ann.text()) === "kept\nin two lines");
  const [bob] = await people(t, 1);
  await bob.shows("kept\nin two lines");
  await ann.page.reload();
  await ann.live();
  await ann.shows("kept\nin two lines");
  await ann.hasStrokes(1);
  assert.deepEqual(await ann.taskTexts(), ["a task"]);
  assert.equal(await ann.page.getByRole("textbox", { name: "Your name" }).inputValue(), "Ann Again");
});

test("undo and redo take back one's own, and nobody else's", async (t) => {
  const [ann, bob] = await people(t, 2);
  await ann.type("mine ");
  await bob.shows("mine ");
  await bob.type("yours ");
  await ann.shows("mine yours ");
  // What is typed slowly is several steps.
  const repeat = async (step, text) => {
    for (let steps = 0; steps < 8 && (await ann.text()) !== text; ++steps) await step();
    await bob.shows(text);
  };
  await repeat(() => ann.page.getByRole("button", { name: "Undo in the text" }).click(), "yours ");
  await repeat(() => ann.page.keyboard.press("Control+y"), "mine yours ");
  await repeat(() => ann.page.keyboard.press("Control+z"), "yours ");
});

test("tasks: added, ticked, renamed, moved, deleted, for everybody", async (t) => {
  const [ann, bob] = await people(t, 2);
  for (const text of ["first", "second", "third"]) await ann.addTask(text);
  const bobHas = (...texts) => until(async () =>
    JSON.stringify(await bob.taskTexts()) === JSON.stringify(texts), { what: texts.join() });
  await bobHas("first", "second", "third");
  await bob.tasks.getByRole("checkbox", { name: "Done: second" }).check();
  await until(() => ann.tasks.getByRole("checkbox", { name: "Done: second" }).isChecked());
  await ann.tasks.getByRole("button", { name: "Move up: third" }).click();
  await bobHas("first", "third", "second");
  const first = ann.tasks.getByRole("textbox", { name: "Task: first" });
  await first.fill("the very first");
  await first.press("Enter");
  await bobHas("the very first", "third", "second");
  await bob.tasks.getByRole("button", { name: "Delete: third" }).click();
  await bobHas("the very first", "second");
  await until(async () => (await ann.taskTexts()).length === 2);
});

test("the board: strokes, undo, clear, for everybody", async (t) => {
  const [ann, bob] = await people(t, 2);
  await ann.draw([0.1, 0.2], [0.8, 0.4]);
  await bob.hasStrokes(1);
  await bob.page.getByRole("button", { name: "Teal" }).click();
  await bob.draw([0.1, 0.8], [0.8, 0.5]);
  await ann.hasStrokes(2);
  await ann.page.getByRole("button", { name: "Undo on the board" }).click();
  await bob.hasStrokes(1);
  await bob.page.getByRole("button", { name: "Clear the board" }).click();
  await ann.hasStrokes(0);
});

test("events: messages, waves and reactions reach everybody", async (t) => {
  const [ann, bob] = await people(t, 2);
  await bob.rename("Bob");
  await ann.page.getByRole("list", { name: "2 people here" }).getByText("Bob").waitFor();
  const say = bob.page.getByRole("textbox", { name: "Message" });
  await say.fill("Shall we begin?");
  await say.press("Enter");
  await ann.messages.getByText("Shall we begin?").waitFor();
  await bob.messages.getByText("Shall we begin?").waitFor();
  await ann.page.getByRole("button", { name: "Wave" }).click();
  await bob.messages.getByText("Hello world!").waitFor();
  await ann.page.getByRole("button", { name: "Party" }).click();
  await bob.page.getByTestId("reactions").locator("span").first().waitFor({ state: "attached" });
});

test("a room's name in the address that is none is told, and / leads to a new room", async (t) => {
  const { http } = await server();
  const page = await openWindow(t, await browser(), `${http}/`);
  await page.getByRole("link", { name: /demo/i }).first().click();
  await page.waitForURL(/\/demo\/[a-z0-9-]+$/);
  await page.getByRole("banner").getByText("Live", { exact: true }).waitFor();
  const wrong = await openWindow(t, await browser(), `${http}/demo/-no-`);
  await wrong.getByRole("heading", { level: 1 }).waitFor();
  assert.equal(await wrong.getByText("Live", { exact: true }).count(), 0);
});

test("all can be done with the keyboard", async (t) => {
  const [ann, bob] = await people(t, 2);
  const focused = () => ann.page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute("aria-label") ?? at?.textContent?.trim() ?? "";
  });
  const tabTo = async (name) => {
    for (let presses = 0; presses < 60; ++presses) {
      await ann.page.keyboard.press("Tab");
      if ((await focused()) === name) return;
    }
    throw new Error(`no Tab leads to ${name}`);
  };
  await tabTo("Shared text");
  await ann.page.keyboard.type("by keyboard");
  await bob.shows("by keyboard");
  await tabTo("New task");
  await ann.page.keyboard.type("tabbed");
  await ann.page.keyboard.press("Enter");
  await until(async () => (await bob.taskTexts()).includes("tabbed"));
  await tabTo("Message");
  await ann.page.keyboard.type("hello");
  await ann.page.keyboard.press("Enter");
  await bob.messages.getByText("hello").waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  test(`accessible and pictured, ${colorScheme}`, async (t) => {
    t.room = `saturday-boats-${colorScheme}`;
    const [ann, bob] = await people(t, 2, { colorScheme });
    await planSaturday(ann, bob);
    await checkAccess(ann.page);
    await ann.page.setViewportSize({ width: 1280, height: 1000 });
    await takePicture(ann.page, `demo-${colorScheme}`);
    await ann.page.setViewportSize({ width: 390, height: 844 });
    await takePicture(ann.page, `demo-${colorScheme}-phone`);
    const sideways = await ann.page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(sideways, 0, "a phone's page does not scroll sideways");
    await checkAccess(ann.page);
  });
}

await run();
