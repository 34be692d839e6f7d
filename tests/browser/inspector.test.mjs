// The inspector in Chromium: what an operator sees of rooms in which people are at work, and what
// they can do.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { Client } from "../e2e/lib/client.mjs";
import { suite, until } from "../e2e/lib/runner.mjs";
import { startPluvd } from "../e2e/lib/servers.mjs";
import { checkAccess, CONNECTION_LOST, openWindow, startBrowser, takePicture } from "./lib/browser.mjs";
import { DemoPage } from "./lib/demo_page.mjs";

const { test, shared, run } = suite("inspector", { parallel: 2, limit_ms: 120_000 });
const browser = shared(startBrowser);
// It samples often, so that there is something to see in the charts.
const server = shared(() => startPluvd(["--dev", "--inspector-interval", "1s"]));

async function inspect(t, path = "", options = {}) {
  const { http } = await server();
  return openWindow(t, await browser(), `${http}/inspector${path}`, options);
}
async function writer(t, options = {}) {
  const { http } = await server();
  return DemoPage.open(t, await browser(), http, t.room, options);
}

test("rooms are listed, found, and lead to their page", async (t) => {
  const ann = await writer(t);
  const page = await inspect(t);
  await page.getByRole("searchbox", { name: "Search rooms" }).fill(t.room);
  await page.getByRole("link", { name: t.room }).click();
  await page.getByRole("heading", { level: 1, name: t.room }).waitFor();
  await ann.rename("Ann");
  await page.getByRole("region", { name: "People" }).getByText("Ann", { exact: true }).waitFor();
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
});

test("a document's tree changes as somebody types", async (t) => {
  const ann = await writer(t);
  await ann.type("Hello");
  const page = await inspect(t, `/rooms/${t.room}`);
  const tree = page.getByRole("tree", { name: "Document" });
  await tree.getByRole("treeitem", { name: /Hello/ }).waitFor();
  await ann.type(", world");
  await tree.getByRole("treeitem", { name: /Hello, world/ }).waitFor();
  await ann.addTask("look at this");
  await tree.getByRole("treeitem", { name: /look at this/ }).waitFor();
  // By keyboard: up to the root, closed and opened again.
  await tree.getByRole("treeitem", { name: /^tasks/ }).click();
  await page.keyboard.press("ArrowLeft");
  await tree.getByRole("treeitem", { name: /look at this/ }).waitFor({ state: "detached" });
  await page.keyboard.press("ArrowRight");
  await tree.getByRole("treeitem", { name: /look at this/ }).waitFor();
});

test("messages come as they are said, by type, and stop when paused", async (t) => {
  const ann = await writer(t);
  const page = await inspect(t, `/rooms/${t.room}`);
  await page.getByRole("tab", { name: "Messages" }).click();
  const list = page.getByRole("listbox", { name: "Messages" });
  // The first look begins the recording.
  await until(async () => {
    await ann.page.getByRole("button", { name: "Wave" }).click();
    return (await list.getByRole("option", { name: /\bwave\b/ }).count()) > 0;
  });
  await list.getByRole("option", { name: /receiveMessage/ }).first().waitFor();
  await page.getByRole("combobox", { name: "Direction" }).selectOption("In: from clients");
  await list.getByRole("option", { name: /receiveMessage/ }).first().waitFor({ state: "detached" });
  await list.getByRole("option", { name: /\bwave\b/ }).first().waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  const before = await list.getByRole("option").count();
  await ann.page.getByRole("button", { name: "Wave" }).click();
  await ann.messages.getByText("Hello world!").nth(1).waitFor();
  assert.equal(await list.getByRole("option").count(), before);
  await takePicture(page, "inspector-messages");
});

test("history: any version is shown, and can be restored for everybody", async (t) => {
  const ann = await writer(t);
  await ann.type("first draft");
  await ann.shows("first draft");
  const page = await inspect(t, `/rooms/${t.room}`);
  await page.getByRole("treeitem", { name: /first draft/ }).waitFor();
  await ann.page.keyboard.press("Control+A");
  await ann.page.keyboard.type("all is changed");
  await ann.shows("all is changed");
  await page.getByRole("treeitem", { name: /all is changed/ }).waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  const slider = page.getByRole("slider", { name: "Version" });
  await slider.focus();
  const old = page.getByRole("treeitem", { name: /"first draft"/ });
  for (let presses = 0; presses < 60 && (await old.count()) === 0; ++presses) {
    await slider.press("ArrowLeft");
    const [, number] = /^Version (\d+),/.exec(await slider.getAttribute("aria-valuetext"));
    await page.getByRole("tree", { name: `Document at version ${number}` }).waitFor();
  }
  await old.waitFor();
  await page.getByRole("button", { name: "Changes since" }).click();
  await takePicture(page, "inspector-history");
  await page.getByRole("button", { name: /^Restore this version/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Restore", exact: true }).click();
  await ann.shows("first draft");
  // And people write on.
  await ann.type(", restored");
  await ann.shows("first draft, restored");
  await page.getByRole("tab", { name: "Document" }).click();
  await page.getByRole("treeitem", { name: /first draft, restored/ }).waitFor();
});

test("an event is broadcast, a document is downloaded, people are evicted", async (t) => {
  const ann = await writer(t, { expected: CONNECTION_LOST });
  await ann.type("take me home");
  const page = await inspect(t, `/rooms/${t.room}`);
  await page.getByRole("button", { name: /^Broadcast/ }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("textbox", { name: "Event" }).fill("receiveMessage");
  await dialog.getByRole("textbox", { name: /^Data/ }).fill("{not json");
  assert.ok(await dialog.getByRole("button", { name: /^Send to/ }).isDisabled());
  await dialog.getByRole("textbox", { name: /^Data/ }).fill('{"message": "Maintenance at noon"}');
  await dialog.getByRole("button", { name: /^Send to/ }).click();
  await ann.messages.getByText("Maintenance at noon").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"), page.getByRole("button", { name: "Download JSON" }).click()]);
  const json = JSON.parse(await readFile(await download.path(), "utf8"));
  assert.match(JSON.stringify(json), /take me home/);
  await page.getByRole("button", { name: /^Evict everyone/ }).click();
  await page.getByRole("dialog").getByRole("button", { name: /^Evict 1 session/ }).click();
  await ann.page.getByText("You were removed from this room.").waitFor();
});

test("three hundred rooms come in pages", async (t) => {
  const { url } = await server();
  const prefix = t.room.slice(0, 20);
  for (let n = 0; n < 300; ++n) {
    t.use(new Client({ url, room: `${prefix}-${String(n).padStart(3, "0")}` }));
  }
  const page = await inspect(t);
  await page.getByRole("searchbox", { name: "Search rooms" }).fill(prefix);
  await page.getByRole("button", { name: "Room", exact: true }).click();
  const rows = page.getByRole("region", { name: "Rooms" }).getByRole("rowheader");
  await page.getByRole("region", { name: "Rooms" }).getByText("300", { exact: true }).waitFor();
  await until(async () => (await rows.first().textContent()) === `${prefix}-000`);
  assert.ok(await rows.count() < 300, "not all at once");
  const shown = await rows.count();
  await page.getByRole("navigation", { name: "Pages of rooms" })
    .getByRole("button", { name: /next/i }).click();
  const second = `${prefix}-${String(shown).padStart(3, "0")}`;
  await until(async () => (await rows.first().textContent()) === second, { what: second });
});

test("elsewhere than in development mode it asks for the admin token", async (t) => {
  const guarded = t.use(await startPluvd(["--inspector", "--admin-token", "correct-horse-battery-staple"]));
  const page = await openWindow(t, await browser(), `${guarded.http}/inspector`,
                                { expected: [/401/] });
  await page.getByRole("heading", { name: "Admin token" }).waitFor();
  await checkAccess(page);
  const field = page.getByRole("textbox").or(page.locator("input[type=password]"));
  await field.fill("wrong-horse-battery-staple");
  await page.getByRole("button", { name: "Open the inspector" }).click();
  await page.getByRole("alert").filter({ hasText: /\S/ }).waitFor();
  await field.fill("correct-horse-battery-staple");
  await page.getByRole("button", { name: "Open the inspector" }).click();
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  const closed = t.use(await startPluvd());
  const { status } = await fetch(`${closed.http}/inspector`);
  assert.equal(status, 404, "in production it is not there");
});

test("a server that goes away and comes back is said and taken up again", async (t) => {
  const mine = t.use(await startPluvd(["--dev"]));
  const page = await openWindow(t, await browser(), `${mine.http}/inspector`,
                                { expected: CONNECTION_LOST });
  await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
  await page.context().setOffline(true);
  await page.getByText(/does not answer/).first().waitFor();
  await page.context().setOffline(false);
  await page.getByText("live", { exact: true }).waitFor();
});

for (const colorScheme of ["light", "dark"]) {
  test(`accessible and pictured, ${colorScheme}`, async (t) => {
    t.room = `saturday-${colorScheme}`;
    const ann = await writer(t);
    await ann.rename("Ann");
    await ann.type("Boats at nine, lunch on the island.");
    for (const text of ["Book the boats", "Buy oat milk"]) await ann.addTask(text);
    const page = await inspect(t, "", { colorScheme });
    await page.getByRole("heading", { level: 1, name: "Overview" }).waitFor();
    await page.getByRole("img", { name: /memory/i }).first().waitFor();
    await checkAccess(page);
    await takePicture(page, `inspector-${colorScheme}`);
    await page.goto(`${(await server()).http}/inspector/rooms/${t.room}`);
    await page.getByRole("treeitem", { name: /Boats at nine/ }).waitFor();
    await checkAccess(page);
    await takePicture(page, `inspector-room-${colorScheme}`);
    await page.getByRole("tab", { name: "History" }).click();
    await page.getByRole("slider", { name: "Version" }).waitFor();
    await checkAccess(page);
    await page.setViewportSize({ width: 390, height: 844 });
    await checkAccess(page);
    await takePicture(page, `inspector-${colorScheme}-phone`);
    const sideways = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(sideways, 0, "a phone's page does not scroll sideways");
  });
}

await run();
