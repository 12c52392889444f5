import { go } from "./navigation";

export const Link = ({ to, children }: { to: string; children: string }) => (
  <a
    href={to}
    onClick={(event) => {
      event.preventDefault();
      go(to);
    }}
  >
    {children}
  </a>
);
