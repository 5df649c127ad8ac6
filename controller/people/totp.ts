// One-time codes of a second factor: TOTP (RFC 6238) over HOTP (RFC 4226), SHA-1, six digits, 30 s, as every
// authenticator does them. Which code was used last is somebody else's to keep.
import { createHmac, timingSafeEqual } from 'node:crypto';

const period_ms = 30_000;
const digits = 6;
/** RFC 4226 section 4 asks for 128 bits and advises 160. */
export const factorBytes = 20;
/** Steps before and after the present one that are taken: clocks differ (RFC 6238 section 5.2). */
const skew = 1;

/** The step that a moment (UTC ms) falls in. */
export const stepOf = (time: number): number => Math.floor(time / period_ms);

/** The code of a step (RFC 4226 section 5.3). */
export function codeOf(secret: Uint8Array, step: number, length = digits): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(offset) & 0x7fff_ffff;
  return String(number % 10 ** length).padStart(length, '0');
}

/** The step whose code this is, later than the last that was used; undefined: none is. */
export function stepOfCode(
  secret: Uint8Array,
  code: string,
  { time, used }: { readonly time: number; readonly used: number },
): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const now = stepOf(time);
  let found: number | undefined;
  for (let step = now - skew; step <= now + skew; step += 1) {
    const same = step >= 0 && timingSafeEqual(Buffer.from(codeOf(secret, step)), Buffer.from(code));
    if (same && step > used) found = step;
  }
  return found;
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648 base32 without padding, as authenticators read it. */
export function base32(bytes: Uint8Array): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => alphabet[Number.parseInt(group.padEnd(5, '0'), 2)] ?? '').join('');
}

/** What an authenticator reads from a code of squares. */
export function factorUri(secret: Uint8Array, cell: string, name: string): string {
  const label = `${encodeURIComponent(cell)}:${encodeURIComponent(name)}`;
  const query = new URLSearchParams({ secret: base32(secret), issuer: cell });
  return `otpauth://totp/${label}?${query.toString().replaceAll('+', '%20')}`;
}
