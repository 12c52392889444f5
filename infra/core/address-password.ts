/** `https://user:password@host` anywhere in a text. */
const pattern = /(\w+:\/\/[^\s/:@]*):[^\s/@]+@/g;

export function hasAddressPassword(text: string): boolean {
  return text.search(pattern) !== -1;
}

/** For whoever reads a message: the address, without the password in it. */
export function withoutAddressPassword(text: string): string {
  return text.replace(pattern, "$1:…@");
}
