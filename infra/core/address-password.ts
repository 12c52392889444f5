/** `https://user:password@host` anywhere in a text. */
const pattern = /(\w+:\/\/[^\s/:@]*):[^\s/@]+@/g;

/** `https://token@host`: over HTTP even a user alone may be a token. */
const token = /(https?:\/\/)[^\s/:@]+@/g;

export function hasAddressPassword(text: string): boolean {
  return text.search(pattern) !== -1;
}

/** For messages: the address, without the password or token in it. */
export function withoutAddressPassword(text: string): string {
  return text.replace(pattern, "$1:…@").replace(token, "$1…@");
}
