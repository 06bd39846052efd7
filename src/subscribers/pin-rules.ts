/** A PIN is typed on a phone keypad: 4 to 8 digits. */
export function isPin(text: string): boolean {
  return /^\d{4,8}$/.test(text);
}

/**
 * PINs that a thief tries first: one digit repeated (0000), a run up or down (1234, 8765, 7890), a repeated half
 * (1212, 123123), or the end of the subscriber's own number.
 */
export function isWeakPin(pin: string, ownNumber = ''): boolean {
  if (/^(\d+)\1+$/.test(pin)) return true;
  if ('01234567890'.includes(pin) || '09876543210'.includes(pin)) return true;
  return ownNumber !== '' && ownNumber.endsWith(pin);
}
