// The pictures of the README and of docs/, by hand and not by CTest; it takes a minute, since charts
// need something to show:
//
//   node tests/browser/run.mjs pictures --pictures docs/images
import { Client } from "../e2e/lib/client.mjs";
import { sleep, suite } from "../e2e/lib/runner.mjs";
import { startPluvd } from "../e2e/lib/servers.mjs";
import { openWindow, startBrowser, takePicture } from "./lib/browser.mjs";
import { DemoPage } from "./lib/demo_page.mjs";
import { planSaturday } from "./lib/scene.mjs";

const { test, shared, run } = suite("pictures", { parallel: 1, limit_ms: 300_000 });
const browser = shared(startBrowser);
const server = shared(() => startPluvd(["--dev", "--inspector-interval", "1s"]));

const ROOMS = ["harbour", "island", "ferry", "lighthouse", "kitchen", "atlas", "orchard", "bakery",
               "library", "garden", "station", "market", "bridge", "theatre", "workshop", "museum"];

test("a busy server", async (t) => {
  const { http, url } = await server();
  const ann = await DemoPage.open(t, await browser(), http, "saturday-boats");
  const bob = await DemoPage.open(t, await browser(), http, "saturday-boats");
  await planSaturday(ann, bob);
  await ann.page.setViewportSize({ width: 1280, height: 1000 });
  await takePicture(ann.page, "demo");
  await ann.page.setViewportSize({ width: 390, height: 844 });
  await ann.page.emulateMedia({ colorScheme: "dark" });
  await takePicture(ann.page, "demo-phone");

  const clients = ROOMS.flatMap((room, n) => Array.from({ length: 2 + (n * 5) % 7 }, () =>
    t.use(new Client({ url, room }))));
  let tick = 0;
  const chatter = setInterval(() => {
    ++tick;
    clients.forEach((client, n) => {
      if ((tick + n) % (3 + n % 5) === 0 && client.connectionId) client.setPresence({ count: tick });
    });
  }, 100);
  t.use(chatter, clearInterval);
  await sleep(60_000);
  const page = await openWindow(t, await browser(), `${http}/inspector`,
                                { viewport: { width: 1280, height: 900 } });
  await page.getByRole("img", { name: /memory/i }).first().waitFor();
  await sleep(3_000);
  await takePicture(page, "inspector");
  await page.goto(`${http}/inspector/rooms/saturday-boats`);
  await page.getByRole("tab", { name: "History" }).click();
  const slider = page.getByRole("slider", { name: "Version" });
  for (let presses = 0; presses < 70; ++presses) await slider.press("ArrowLeft");
  await page.getByRole("button", { name: "Changes since" }).click();
  await sleep(2_000);
  await takePicture(page, "inspector-history");
});

await run();
