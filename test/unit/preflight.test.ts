import { describe, expect, test } from "vitest";
import { makeCertificate } from "../../infra/cli/make-secrets";
import { journalSinceStart, memoryScript } from "../../infra/host/commands/backend-inspection";
import { reachScript } from "../../infra/phases/preflight/checks/external-apis";
import { publicProblems } from "../../infra/phases/preflight/checks/public-certificate";
import { declaredVariables, unsetVariables } from "../../infra/release/declared-variables";
import { issueCertificate, type KeyKind } from "../rehearsal/certificates";

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
  test("that init makes is compared with name, time and key", async () => {
    const [made, other] = [await makeCertificate("a.example"), await makeCertificate("b.example")];
    const problems = (name: string, key: string, days: number, chain = made.certificate) =>
      publicProblems({ chain, authority: null }, key, name, days, new Date());
    expect(await problems("a.example", made.privateKey, 14)).toEqual([]);
    expect(await problems("b.example", made.privateKey, 14)).toEqual([
      expect.stringContaining("does not bear the name b.example"),
    ]);
    expect(await problems("a.example", other.privateKey, 14)).toEqual([
      "secrets.tlsPrivateKey is not the key of keys.tlsCertificate",
    ]);
    expect(await problems("a.example", made.privateKey, 400)).toEqual([
      expect.stringMatching(/ends in 36[45] days; at least 400 must be left/),
    ]);
    expect(await problems("a.example", made.privateKey, 14, `${made.certificate}\n${other.certificate}`)).toEqual([
      expect.stringContaining("its 1. certificate is not signed by the 2."),
    ]);
    expect(await problems("a.example", made.privateKey, 14, "no certificate")).toEqual([
      "keys.tlsCertificate holds no certificate",
    ]);
  });

  test.each<KeyKind>(["ecdsa", "rsa"])("of an authority leads to one that clients trust, %s", async (kind) => {
    const [issued, other] = [await issueCertificate("a.example", kind), await issueCertificate("a.example", kind)];
    const problems = (chain: string, authority: string | null) =>
      publicProblems({ chain, authority }, issued.privateKey, "a.example", 14, new Date());
    const [leaf = ""] = issued.certificate.split(/(?<=-----END CERTIFICATE-----\n)/);
    expect(await problems(issued.certificate, issued.root)).toEqual([]);
    expect(await problems(issued.certificate + issued.root, issued.root)).toEqual([]);
    const endsTooSoon = [expect.stringContaining("keys.tlsCertificate leads to no authority that clients trust")];
    expect(await problems(leaf, issued.root)).toEqual(endsTooSoon);
    expect(await problems(leaf, issued.root)).toEqual([
      expect.stringContaining('its last certificate is signed by "CN=Rehearsal intermediate". Add the intermediate'),
    ]);
    expect(await problems(issued.certificate, null)).toEqual(endsTooSoon);
    expect(await problems(issued.certificate + issued.root, null)).toEqual(endsTooSoon);
    expect(await problems(issued.certificate, other.root)).toEqual(endsTooSoon);
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
