// The demo as a person uses it: what they see, by role and name.
import { until } from "../../e2e/lib/runner.mjs";
import { openWindow } from "./browser.mjs";

export class DemoPage {
  static async open(t, browser, http, room, options = {}) {
    const made = new DemoPage();
    made.page = await openWindow(t, browser, `${http}/demo/${room}`, options);
    await made.live();
    return made;
  }

  get status() {
    return this.page.getByRole("banner").getByRole("status");
  }
  get editor() {
    return this.page.getByRole("textbox", { name: "Shared text" });
  }
  get tasks() {
    return this.page.getByRole("list", { name: "Tasks" });
  }
  get strokes() {
    return this.page.getByRole("img", { name: /^Shared drawing/ });
  }
  get messages() {
    return this.page.getByRole("log", { name: "Messages" });
  }

  async live() {
    await this.page.getByRole("banner").getByText("Live", { exact: true }).waitFor();
  }

  // Without the names at others' carets.
  text() {
    return this.editor.evaluate((content) => [...content.querySelectorAll(".cm-line")].map((line) => {
      const copy = line.cloneNode(true);
      for (const widget of copy.querySelectorAll(".remote-caret, .cm-placeholder")) widget.remove();
      return copy.textContent;
    }).join("\n"));
  }
  async shows(text) {
    await until(async () => (await this.text()) === text, { what: `the text ${JSON.stringify(text)}` })
      .catch(async (error) => {
        throw new Error(`${error.message}, which is ${JSON.stringify(await this.text())}`);
      });
  }

  async type(text, { delay = 0 } = {}) {
    await this.editor.focus();
    await this.page.keyboard.press("Control+End");
    await this.page.keyboard.type(text, { delay });
  }
  // At the beginning.
  async typeFirst(text) {
    await this.editor.focus();
    await this.page.keyboard.press("Control+Home");
    await this.page.keyboard.type(text);
  }

  async rename(name) {
    const field = this.page.getByRole("textbox", { name: "Your name" });
    await field.fill(name);
    await field.press("Enter");
  }
  async addTask(text) {
    const field = this.page.getByRole("textbox", { name: "New task" });
    await field.fill(text);
    await field.press("Enter");
  }
  taskTexts() {
    return this.tasks.getByRole("textbox").evaluateAll((fields) => fields.map((one) => one.value));
  }
  // A line over the board, from and to parts of its width and height.
  async draw([fromX, fromY], [toX, toY]) {
    await this.strokes.scrollIntoViewIfNeeded();
    const { x, y, width, height } = await this.strokes.boundingBox();
    const { mouse } = this.page;
    await mouse.move(x + fromX * width, y + fromY * height);
    await mouse.down();
    const steps = 12;
    for (let step = 1; step <= steps; ++step) {
      const part = step / steps;
      await mouse.move(x + (fromX + part * (toX - fromX)) * width,
                       y + (fromY + part * (toY - fromY) + 0.05 * Math.sin(part * 6)) * height);
    }
    await mouse.up();
  }
  async hasStrokes(count) {
    await this.page.getByRole("img", { name: new RegExp(`^Shared drawing, ${count} `) }).waitFor();
  }
}

// Everybody ends up with the same text, which has all of these parts.
export async function sameText(pages, parts) {
  let texts = [];
  const holds = async () => {
    texts = await Promise.all(pages.map((page) => page.text()));
    return texts.every((text) => text === texts[0]) && parts.every((part) => texts[0].includes(part));
  };
  await until(holds, { timeout: 40_000, what: "the same text everywhere" }).catch((error) => {
    throw new Error(`${error.message}: ${JSON.stringify(texts)}, with ${JSON.stringify(parts)}`);
  });
  return texts[0];
}
