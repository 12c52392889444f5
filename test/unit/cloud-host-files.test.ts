import { expect, test } from "vitest";
import { bootScript, hostsFile, metaData, networkCommands } from "../cloud/host-files";
import { cloudNames, hostInterface, hostNamespace } from "../cloud/names";

test("/etc/hosts holds the host's own name and the databases'", () => {
  expect(hostsFile("10.20.0.4", [{ name: "main.rds.example", address: "10.20.1.254" }])).toBe(
    "127.0.0.1 localhost\n10.20.0.4 ip-10-20-0-4\n169.254.1.1 providers.local-cloud.example\n10.20.1.254 main.rds.example\n",
  );
});

test("the seed's meta data names the instance and the operator's key", () => {
  expect(JSON.parse(metaData("i-0123", "10.20.0.4", "ssh-ed25519 AAAA operator\n"))).toEqual({
    "instance-id": "i-0123",
    "local-hostname": "ip-10-20-0-4",
    "public-keys": ["ssh-ed25519 AAAA operator"],
  });
  expect(JSON.parse(metaData("i-0123", "10.20.0.4", null))).toMatchObject({ "public-keys": [] });
});

test("the boot script: own control groups, an overlay, nspawn in the host's network", () => {
  const args = {
    namespace: "plc-1-abcdef01",
    privateAddress: "10.20.0.4",
    image: "/image",
    disk: "/disk",
    cgroups: ["/group"],
  };
  expect(bootScript(args)).toBe(
    `set -e
mkdir -p /group
echo $$ > /group/cgroup.procs
mount -t overlay overlay -o lowerdir=/image,upperdir=/disk/upper,workdir=/disk/work /disk/root
exec systemd-nspawn --quiet --register=no --keep-unit --boot --directory=/disk/root --machine=plc-1-abcdef01 --hostname=ip-10-20-0-4 --network-namespace-path=/run/netns/plc-1-abcdef01 --capability=CAP_NET_ADMIN --resolv-conf=off --timezone=off --link-journal=no --console=read-only --kill-signal=SIGRTMIN+3`,
  );
});

test("the host's address is routed as a /32, in namespaces of its own on both sides", () => {
  expect(
    networkCommands("plc-1", "plc-1-abcdef01", "hostabcdef01", "10.20.0.4").map((command) => command.join(" ")),
  ).toEqual([
    "netns add plc-1-abcdef01",
    "-n plc-1 link add hostabcdef01 type veth peer name eth0 netns plc-1-abcdef01",
    "-n plc-1 link set hostabcdef01 up",
    "-n plc-1 route add 10.20.0.4/32 dev hostabcdef01",
    "-n plc-1-abcdef01 link set lo up",
    "-n plc-1-abcdef01 address add 10.20.0.4/32 dev eth0",
    "-n plc-1-abcdef01 link set eth0 up",
    "-n plc-1-abcdef01 route add 169.254.169.254/32 dev eth0",
    "-n plc-1-abcdef01 route add default via 169.254.169.254",
  ]);
});

test("two homes share no name; an interface's fits into Linux's 15 characters", () => {
  const [one, other] = [cloudNames("/a"), cloudNames("/b")];
  for (const key of ["id", "network", "state"] as const) expect(one[key]).not.toBe(other[key]);
  expect(cloudNames("/a/../a")).toEqual(one);
  expect(hostInterface("i-0123456789abcdef0").length).toBeLessThanOrEqual(15);
  expect(hostNamespace(one, "i-0123456789abcdef0")).toBe(`${one.network}-9abcdef0`);
});
