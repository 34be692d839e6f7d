// What pictures show: two people in the demo who plan a day, with something of everything.
export async function planSaturday(ann, bob) {
  await ann.rename("Ann");
  await bob.rename("Bob");
  await ann.type("# Plan for Saturday\n\nBoats at nine, lunch on the island.\nAnn brings the kettle, ");
  await bob.type("and Bob a map.\n");
  for (const text of ["Book the boats", "Buy oat milk", "Draw the route"]) await bob.addTask(text);
  await bob.tasks.getByRole("checkbox", { name: "Done: Book the boats" }).check();
  await ann.draw([0.15, 0.75], [0.45, 0.35]);
  await bob.page.getByRole("button", { name: "Blue" }).click();
  await bob.draw([0.45, 0.35], [0.85, 0.6]);
  await ann.hasStrokes(2);
  const say = bob.page.getByRole("textbox", { name: "Message" });
  await say.fill("The weather will hold.");
  await say.press("Enter");
  await ann.messages.getByText("The weather will hold.").waitFor();
  await ann.page.evaluate(() => window.scrollTo(0, 0));
  await bob.page.evaluate(() => window.scrollTo(0, 0));
  await bob.page.locator(".cm-line", { hasText: "Boats" }).hover();
  await ann.page.getByTestId("pointer of Bob").waitFor();
}
