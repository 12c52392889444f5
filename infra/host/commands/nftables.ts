import { loopback } from "../../core/loopback";

/** The only ports that anybody outside reaches, as in the host's security group; the ranges that may are kept there alone. */
const publicPorts = [22, 80, 443];

/**
 * The host's own firewall. Inwards it is the security group once more, for a backend that listens on all interfaces. Outwards, root alone
 * reaches the metadata service, which hands out the instance's credentials, and the application alone reaches Redis, which asks for no
 * password. Connections on loopback and those of users are not tracked: at two hundred requests a second they would fill the kernel's
 * table of 65,536, and it refuses what comes then.
 */
export function firewallRules(application: string): string {
  return `#!/usr/sbin/nft -f
flush ruleset
table inet deployment {
    chain untracked_in {
        type filter hook prerouting priority raw; policy accept;
        iif lo notrack
        tcp dport { 80, 443 } notrack
    }
    chain untracked_out {
        type filter hook output priority raw; policy accept;
        oif lo notrack
        tcp sport { 80, 443 } notrack
    }
    chain input {
        type filter hook input priority filter; policy drop;
        iif lo accept
        ct state established,related accept
        icmp type { destination-unreachable, time-exceeded, parameter-problem } accept
        meta l4proto ipv6-icmp accept
        udp sport 67 udp dport 68 accept
        udp sport 547 udp dport 546 accept
        tcp dport { ${publicPorts.join(", ")} } accept
    }
    chain output {
        type filter hook output priority filter; policy accept;
        meta skuid != root ip daddr 169.254.169.254 meta l4proto tcp reject with tcp reset
        meta skuid != root ip6 daddr fd00:ec2::254 meta l4proto tcp reject with tcp reset
        oif lo tcp dport ${loopback.redis} meta skuid != { root, ${application} } reject with tcp reset
    }
}
`;
}
