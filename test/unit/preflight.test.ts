import { describe, expect, test } from "vitest";
import { makeCertificate } from "../../infra/cli/make-secrets";
import { journalSinceStart, memoryScript } from "../../infra/host/commands/backend-inspection";
import { publicProblems } from "../../infra/phases/preflight/checks/certificates";
import { reachScript } from "../../infra/phases/preflight/checks/external-apis";
import { declaredVariables, unsetVariables } from "../../infra/release/declared-variables";

describe("variables that a release declares", () => {
  test.each([
    ["# needed\nPORT=8000\nexport A_KEY=\n\n# OPTIONAL=1\n  B = x\n", ["A_KEY", "B", "PORT"]],
    ["A=\nexport B=1\n# C=optional\n  D_1=x\nA=again\nlower=no\nE\n=no", ["A", "B", "D_1"]],
    ["", []],
  ])("are those of its file, sorted, without comments: %j", (text, names) => {
    expect(declaredVariables(text)).toEqual(names);
  });
  test("what nothing sets, or sets to nothing, is named", () => {
    expect(unsetVariables(["A", "B", "C"], { A: "1", B: " " })).toEqual(["B", "C"]);
  });
});

describe("the public certificate", () => {
  test("is held against name, time and key", async () => {
    const [made, other] = [await makeCertificate("a.example"), await makeCertificate("b.example")];
    const problems = (name: string, key: string, days: number, chain = made.certificate) =>
      publicProblems(chain, key, name, days, new Date());
    expect(problems("a.example", made.privateKey, 14)).toEqual([]);
    expect(problems("b.example", made.privateKey, 14)).toEqual([
      expect.stringContaining("does not bear the name b.example"),
    ]);
    expect(problems("a.example", other.privateKey, 14)).toEqual([
      "secrets.tlsPrivateKey is not the key of keys.tlsCertificate",
    ]);
    expect(problems("a.example", made.privateKey, 400)).toEqual([
      expect.stringMatching(/ends in 39[67] days; at least 400 must be left/),
    ]);
    expect(problems("a.example", made.privateKey, 14, `${made.certificate}\n${other.certificate}`)).toEqual([
      expect.stringContaining("its 1. certificate is not signed by the 2."),
    ]);
    expect(problems("a.example", made.privateKey, 14, "no certificate")).toEqual([
      "keys.tlsCertificate holds no certificate",
    ]);
  });
});

test("each external API is asked for TLS with its name verified, by the host's trust or a given authority", async () => {
  const apis = [
    { host: "a.example", port: 443, authority: undefined },
    { host: "b.example", port: 8443, authority: "PEM" },
  ];
  await expect(reachScript(apis)).toMatchFileSnapshot("../golden/commands/reach-external-apis.sh");
});

test("what a slot's backend wrote since its start, and what it takes, is asked of systemd", async () => {
  await expect(journalSinceStart("prompt-library", "blue")).toMatchFileSnapshot(
    "../golden/commands/journal-since-start.sh",
  );
  await expect(memoryScript("prompt-library", "blue")).toMatchFileSnapshot("../golden/commands/backend-memory.sh");
});
