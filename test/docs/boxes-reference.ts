import { boxes } from "../../infra/checklist/boxes";
import { owners } from "../../infra/checklist/owners";
import { faults } from "../boxes/faults";

/** The checklist with a fault that keeps each box from passing, as the tests run it. */
export function renderBoxesReference(): string {
  const rows = boxes.map(({ id, title }) => {
    const { fault, becomes, ...how } = faults[id];
    const where = "run" in how ? "unit/boxes" : how.shownBy[0];
    return `| ${id} | ${title} | ${owners[id]} | ${fault} | ${becomes} | ${where} |`;
  });
  const failing = boxes.filter(({ id }) => faults[id].becomes === "failed").length;
  return `# The boxes, and what keeps each from passing

Generated from \`test/boxes/faults\`: each of the ${boxes.length} boxes has a fault with which a test has seen it not pass, ${failing} of them \`failed\`. A test fails
while a box has none, or while the test that a row names is not there.

| box | what it asks | proved by | a fault | the box is then | shown by, below \`test/\` |
|---|---|---|---|---|---|
${rows.join("\n")}
`;
}
