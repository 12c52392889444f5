/**
 * How the host's sshd differs from Debian's: algorithms that nobody has anything against, keys as the only way in, and of forwarding only
 * what the tunnel to the database is. Debian's own file includes this one first, and sshd takes the first value that it reads. More
 * sessions than two to a connection stay allowed: all commands of a deployment share one.
 */
export function sshdConfig(user: string): string {
  return `KexAlgorithms sntrup761x25519-sha512@openssh.com,curve25519-sha256
HostKeyAlgorithms ssh-ed25519
Ciphers aes256-gcm@openssh.com,aes128-gcm@openssh.com,aes256-ctr
MACs hmac-sha2-512-etm@openssh.com,hmac-sha2-256-etm@openssh.com
AllowUsers ${user}
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxAuthTries 3
LoginGraceTime 30
AllowTcpForwarding local
AllowAgentForwarding no
AllowStreamLocalForwarding no
X11Forwarding no
Compression no
TCPKeepAlive no
ClientAliveInterval 30
ClientAliveCountMax 2
LogLevel VERBOSE
DebianBanner no
`;
}
