import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthCheckService } from "../../infra/host/commands/health-check";
import { hostPaths } from "../../infra/host/commands/paths";
import { PublicSite } from "../../infra/host/public-site";
import { type IssuedCertificate, issueCertificate, type KeyKind } from "../rehearsal/certificates";
import { type Front, startFront } from "./front";
import { bringFrontend } from "./release-tree";

const publicName = "prompts.example";

describe.each<KeyKind>(["ecdsa", "rsa"])(
  "a certificate that an authority issued through an intermediate, %s",
  (kind) => {
    let issued: IssuedCertificate;
    let front: Front;

    beforeAll(async () => {
      issued = await issueCertificate(publicName, kind);
      front = await startFront(issued, { network: { publicName } });
      await bringFrontend(front, "blue", { "index.html": "<!doctype html><html></html>" });
      await front.serve("blue");
    });
    afterAll(() => front?.stop());

    const site = (chain: string, authority: string | null, name = publicName) =>
      new PublicSite(front.address, name, { chain, authority });

    test("is what activation's questions expect", async () => {
      expect((await site(issued.certificate, issued.root).get("/")).status).toBe(200);
    });

    test("is refused where its root is nobody's, under another name, and where another one was to be shown", async () => {
      const other = await issueCertificate(publicName, kind);
      await expect(site(issued.certificate, null).get("/")).rejects.toThrow(/unable to/);
      await expect(site(issued.certificate, other.root).get("/")).rejects.toThrow(/unable to/);
      await expect(site(issued.certificate, issued.root, "b.example").get("/")).rejects.toThrow(/b\.example/);
      await expect(site(other.certificate, issued.root).get("/")).rejects.toThrow(
        "it shows another certificate than keys.tlsCertificate",
      );
    });

    test("is what the host's own health check expects", async () => {
      const service = healthCheckService({ application: "prompt-library", publicName });
      const record = front.place(`${hostPaths("prompt-library").state}/blue.json`);
      await mkdir(dirname(record), { recursive: true });
      await writeFile(record, JSON.stringify({ healthPath: "/" }));
      const [, command = ""] = /^ExecStart=(.*)$/m.exec(front.place(service)) ?? [];
      const { stdout } = await execa("bash", [
        "-c",
        command
          .replaceAll("%%", "%")
          .replaceAll("$$", () => "$")
          .replaceAll(":127.0.0.1", `:${front.address}`),
      ]);
      expect(stdout).toContain("health 200");
    });
  },
);
