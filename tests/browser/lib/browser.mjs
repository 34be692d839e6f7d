// Chromium for the suites: one process a suite, a context of its own (cookies, storage) for each
// window, so that windows are different people. What a page complains of fails its test.
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";

import axe from "axe-core";
import { chromium } from "playwright-core";

import { textOption } from "../../e2e/lib/options.mjs";

const PLACES = [process.env.PLUV_CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser",
                "/usr/bin/google-chrome"];

export const findChromium = () => PLACES.find((place) => place && existsSync(place));

export async function startBrowser() {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    // A container's root has no sandbox to begin with, and little shared memory.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"],
  });
  return { browser, stop: () => browser.close() };
}

// A person's window at this URL. expected: complaints that belong to the test (a server that is
// gone), as patterns. Closed at the test's end, and judged then.
export async function openWindow(t, { browser }, url, { expected = [], ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 },
                                             reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") {
      complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    }
  });
  t.use(page, async () => {
    await context.close();
    const wrong = complaints.filter((text) => !expected.some((pattern) => pattern.test(text)));
    if (wrong.length > 0) throw new Error(`the page complained:\n${wrong.join("\n")}`);
  });
  await page.goto(url);
  return page;
}

// What a browser says of a connection that is refused or cut.
export const CONNECTION_LOST = [/WebSocket connection to/, /net::ERR_/, /Failed to load resource/];

// No violations of WCAG A and AA, as far as a program can tell.
export async function checkAccess(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
  }));
  if (violations.length === 0) return;
  const said = violations.map(({ id, help, nodes }) =>
    `${id}: ${help}\n${nodes.map((node) => `  ${node.html}\n  ${node.failureSummary}`).join("\n")}`);
  throw new Error(`not accessible:\n${said.join("\n")}`);
}

// Pictures lie in --pictures FOLDER; nowhere without it.
export async function takePicture(page, name, options = {}) {
  const folder = textOption("pictures");
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: path.join(folder, `${name}.png`), animations: "disabled", ...options });
}
