/** Returns an address as a message may show it: a login in it is hidden, with everything before it. Passwords may hold `@`. */
export function withoutLogin(address: string): string {
  return address.replace(/^.*@/s, '(hidden)@');
}
