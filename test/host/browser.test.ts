import { afterAll, beforeAll, expect, test } from "vitest";
import { issueCertificate } from "../rehearsal/certificates";
import { type ReturningVisitor, startVisitor } from "../returning-visitor";
import { type Front, startFront } from "./front";
import { bringFrontend } from "./release-tree";

const publicName = "prompts.example";
let front: Front;
let visitor: ReturningVisitor;

/** Both releases' pages and unhashed files are of one size, as those of two builds by Vite mostly are. */
const release = (name: "one" | "two", hash: string) => ({
  "index.html": `<!doctype html><html><head><link rel="icon" href="data:,"></head><body><script src="/words.js"></script><script type="module" src="/assets/index-${hash}.js"></script></body></html>`,
  "words.js": `globalThis.word = "${name}";`,
  [`assets/index-${hash}.js`]: `document.body.append("release ${name}, word " + globalThis.word);`,
});

beforeAll(async () => {
  const issued = await issueCertificate(publicName, "ecdsa");
  front = await startFront(issued, { network: { publicName } });
  await bringFrontend(front, "blue", release("one", "DiwrgTd1"));
  await bringFrontend(front, "green", release("two", "BjZX2rQ2"));
  visitor = await startVisitor({ publicName, address: front.address, certificate: issued.certificate });
});
afterAll(async () => {
  await visitor?.leave();
  await front?.stop();
});

test("who comes back sees the release that serves, after a deployment and after a rollback", async () => {
  await front.serve("blue");
  expect((await visitor.visit("/")).text).toBe("release one, word one");
  const again = await visitor.visit("/");
  expect(again.text).toBe("release one, word one");
  // Else this browser keeps nothing, and the rest of the test shows nothing.
  expect(again.files["/assets/index-DiwrgTd1.js"]).toBe(0);
  await front.serve("green");
  expect((await visitor.visit("/")).text).toBe("release two, word two");
  await front.serve("blue");
  const back = await visitor.visit("/");
  expect(back.text).toBe("release one, word one");
  expect(back.files["/assets/index-DiwrgTd1.js"]).toBe(0);
});
