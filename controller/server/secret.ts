// Secrets that station gives out: 256 random bits as text. They are kept only as their hash.
import { createHash, randomBytes } from 'node:crypto';

/** 43 letters, digits, `-` and `_`: they stand in an address and in a cookie as they are. */
export const makeSecret = (): string => randomBytes(32).toString('base64url');

/** For a pattern: how a secret is spelled. */
export const secretForm = '[A-Za-z0-9_-]{43}';

/** What of a secret may be kept. */
export const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
