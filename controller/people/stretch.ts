// Passwords and PINs become keys here, by scrypt (RFC 7914): slow and hungry for memory on purpose, and never on the
// thread that serves everybody else. What is kept of one is a check value; the key that seals is not.
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Queue } from './queue.ts';
import type { Waiter } from './queue.ts';

/** What one guess costs; kept beside each secret, so that it can be raised for new ones. */
export interface Cost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** 64 MiB and some 0.2 s for each guess. */
export const usualCost: Cost = { n: 65_536, r: 8, p: 1 };
/** At once, so that memory is bounded. */
const atOnce = 2;
const saltBytes = 16;
const keyBytes = 32;

/** What is kept of a secret. */
export interface Kept {
  readonly salt: Uint8Array;
  readonly cost: Cost;
  readonly check: Uint8Array;
}

/** One for each station. */
export class Stretcher {
  readonly #cost: Cost;
  readonly #queue = new Queue(atOnce);

  /** `cost`: of secrets that are set from now on. */
  constructor(cost: Cost = usualCost) {
    this.#cost = cost;
  }

  /** What to keep of a new secret, and the key that it seals with. Throws `E_SIGN_IN_BUSY`. */
  async make(secret: string | Uint8Array, who: Waiter): Promise<{ kept: Kept; key: Uint8Array }> {
    const salt = randomBytes(saltBytes);
    const stretched = await this.#stretch(secret, { salt, cost: this.#cost, who });
    const kept = { salt, cost: this.#cost, check: part(stretched, 'check') };
    return { kept, key: part(stretched, 'seal') };
  }

  /**
   * The key that the secret seals with, if it is the one that was kept. Where nothing was kept, it takes as long to
   * say so. Throws `E_SIGN_IN_BUSY`.
   */
  async open(
    secret: string | Uint8Array,
    kept: Kept | undefined,
    who: Waiter,
  ): Promise<Uint8Array | undefined> {
    const { salt, cost } = kept ?? { salt: randomBytes(saltBytes), cost: this.#cost };
    const stretched = await this.#stretch(secret, { salt, cost, who });
    const right = timingSafeEqual(
      part(stretched, 'check'),
      kept?.check.length === keyBytes ? kept.check : randomBytes(keyBytes),
    );
    return right ? part(stretched, 'seal') : undefined;
  }

  async #stretch(
    secret: string | Uint8Array,
    { salt, cost, who }: { readonly salt: Uint8Array; readonly cost: Cost; readonly who: Waiter },
  ): Promise<Buffer> {
    const leave = await this.#queue.enter(who);
    try {
      const bytes = typeof secret === 'string' ? Buffer.from(secret.normalize('NFKC')) : secret;
      return await run(bytes, salt, cost);
    } finally {
      leave();
    }
  }
}

/** Two values of one stretched secret, of which neither tells the other. */
const part = (stretched: Uint8Array, what: 'check' | 'seal'): Buffer =>
  createHmac('sha256', stretched).update(`rebe ${what}`).digest();

async function run(secret: Uint8Array, salt: Uint8Array, { n, r, p }: Cost): Promise<Buffer> {
  const maxmem = 128 * n * r + 128 * r * p + 1024 * 1024;
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, keyBytes, { N: n, r, p, maxmem }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
