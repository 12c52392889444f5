/** `420 ms`, `4.2 s`, `42 s`, `6 min 41 s`, `1 h 5 min`: the unit that a reader would choose. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** `23 November 2026`, in UTC and in the same words on every machine. */
export function day(iso: string): string {
  const at = new Date(iso);
  return `${at.getUTCDate()} ${months[at.getUTCMonth()]} ${at.getUTCFullYear()}`;
}

/** `22:04:09` in UTC. */
export function clock(iso: string): string {
  return new Date(iso).toISOString().slice(11, 19);
}

/** `databaseAdmin` as `Database admin`, `devOps` as `DevOps`. */
export function roleName(key: string): string {
  if (key === "devOps") return "DevOps";
  if (key === "onCall") return "On call";
  const words = key.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const rolesInOrder = [
  "lead",
  "databaseAdmin",
  "devOps",
  "technicalLead",
  "productOwner",
  "onCall",
  "cloudProvider",
  "databaseVendor",
  "monitoring",
];

/**
 * Entries by role in the checklist's order, others after them by name. The order of keys does not outlive the signed JSON,
 * and a page has to be the same before and after.
 */
export function byRole<Entry>(entries: Record<string, Entry>): [role: string, entry: Entry][] {
  const place = (role: string): number =>
    rolesInOrder.includes(role) ? rolesInOrder.indexOf(role) : rolesInOrder.length;
  return Object.entries(entries).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1));
}

/** `1 box`, `2 boxes`. */
export function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
