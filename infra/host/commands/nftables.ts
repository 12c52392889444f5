/** Service users never reach the metadata address: it hands out the instance's credentials and the user data. */
export function metadataRules(users: readonly string[]): string {
  return `#!/usr/sbin/nft -f
flush ruleset
table inet deployment {
    chain output {
        type filter hook output priority filter; policy accept;
        meta skuid { ${users.map((user) => `"${user}"`).join(", ")} } ip daddr 169.254.169.254 reject
    }
}
`;
}
