// What proves a person: password, PIN, second factor; and the key that each person signs with, which only that
// person's password or PIN opens. Counting wrong attempts by name and address is lockout.ts's.
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
} from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '#contract/time.ts';
import { CellError } from '#contract/error.ts';
import { seal, unseal } from './sealed.ts';
import type { Pepper } from './sealed.ts';
import type { PeopleStore, Person, Secret, SecretKind } from './store.ts';
import type { Waiter } from './queue.ts';
import type { Stretcher } from './stretch.ts';
import { factorBytes, stepOfCode } from './totp.ts';

/** Wrong PINs in a row, after which only the password counts. */
export const pinTries = 5;

/** What somebody gives to prove who they are: one of the two. */
export interface Proof {
  readonly password?: string | undefined;
  readonly pin?: string | undefined;
}

/** A signature as the record keeps it. */
export interface Signed {
  /** The 32 bytes of the Ed25519 public key, base64. */
  readonly key: string;
  /** 64 bytes, base64. */
  readonly signature: string;
}

/** What approvals need of people. */
export interface Signatures {
  /**
   * The person's signature over these bytes, for whoever gives that person's password or PIN with it. Slow, some
   * 0.2 s, on purpose. Throws `E_SIGN_IN` (not right together, or disabled), `E_PIN_NOT_HERE` (too many wrong PINs),
   * `E_SIGN_IN_BUSY`, `E_PEOPLE_STORE`.
   */
  signWith(name: string, proof: Proof, bytes: Uint8Array): Promise<Signed>;
}

/** Who asks in an open session: of each person so many at once. */
const signedIn = (name: string): Waiter => ({ lane: 'known', source: name });

const sealedFor = (name: string, kind: SecretKind): string => `signing key of ${name} by ${kind}`;
const factorOf = (name: string): string => `second factor of ${name}`;

/** One for each station. */
export class Credentials implements Signatures {
  readonly #clock: Clock;
  readonly #store: PeopleStore;
  readonly #stretcher: Stretcher;
  readonly #pepper: Pepper;
  /** UTC at which the monotonic clock was 0, by the wall clock of the start. */
  readonly #began: number;

  constructor(clock: Clock, store: PeopleStore, stretcher: Stretcher, pepper: Pepper) {
    this.#clock = clock;
    this.#store = store;
    this.#stretcher = stretcher;
    this.#pepper = pepper;
    this.#began = clock.time() - clock.now();
  }

  /** A new signing key under a new password: the old key is gone, and what else it sealed. */
  async fresh(name: string, password: string): Promise<{ key: string; secret: Secret }> {
    const made = generateKeyPairSync('ed25519').privateKey;
    const signing = made.export({ format: 'der', type: 'pkcs8' });
    const secret = await this.#under(name, 'password', password, signing);
    return { key: shownKey(made), secret };
  }

  /** The same signing key under another password or a PIN; undefined: that is not the old password. */
  async again(
    name: string,
    old: string,
    next: { readonly kind: SecretKind; readonly secret: string },
  ): Promise<Secret | undefined> {
    const signing = await this.#open(name, { password: old }, signedIn(name));
    if (signing === undefined) return undefined;
    return this.#under(name, next.kind, next.secret, signing);
  }

  /**
   * Whether this is the person's password or PIN. Of one who is not there it takes as long to say no. `who` asks:
   * default the person, in an open session.
   */
  async prove(name: string, proof: Proof, who = signedIn(name)): Promise<boolean> {
    return (await this.#open(name, proof, who)) !== undefined;
  }

  async signWith(name: string, proof: Proof, bytes: Uint8Array): Promise<Signed> {
    const person = this.#store.find(name);
    const signing = await this.#open(name, proof, signedIn(name));
    if (signing === undefined || person === undefined || person.disabled)
      throw new CellError('E_SIGN_IN', 'nothing was signed');
    const key = createPrivateKey({ key: signing, format: 'der', type: 'pkcs8' });
    return { key: shownKey(key), signature: sign(null, bytes, key).toString('base64') };
  }

  /** A new second factor that waits to be confirmed; the secret is told once. */
  beginFactor(name: string): Uint8Array {
    const secret = randomBytes(factorBytes);
    const sealed = seal(this.#pepper.key, factorOf(name), secret);
    this.#store.putFactor(name, { sealed, confirmed: false, used: 0 });
    return secret;
  }

  /** Whether it is asked for. */
  hasFactor({ name }: Pick<Person, 'name'>): boolean {
    return this.#store.factor(name)?.confirmed === true;
  }

  /** Whether the code is right and was not used before; it is used up with this. */
  useCode(name: string, code: string): boolean {
    const factor = this.#store.factor(name);
    const secret = factor && unseal(this.#pepper.key, factorOf(name), factor.sealed);
    if (factor === undefined || secret === undefined) return false;
    const step = this.#times()
      .map((time) => stepOfCode(secret, code, { time, used: factor.used }))
      .find((found) => found !== undefined);
    if (step === undefined) return false;
    this.#store.putFactor(name, { ...factor, used: step });
    return true;
  }

  /**
   * UTC now: codes are made of it. A clock that was set while this runs is taken for right, and so is what it was
   * before: who sets it shuts nobody out, and each code is good once all the same.
   */
  #times(): readonly number[] {
    return [this.#clock.time(), this.#began + this.#clock.now()];
  }

  async #under(
    name: string,
    kind: SecretKind,
    secret: string,
    signing: Uint8Array,
  ): Promise<Secret> {
    const given = kind === 'pin' ? this.#pepper.pin(name, secret) : secret;
    const { kept, key } = await this.#stretcher.make(given, signedIn(name));
    return { ...kept, sealed: seal(key, sealedFor(name, kind), signing), wrong: 0 };
  }

  /** The private key, PKCS#8; undefined: it was not the right password or PIN. */
  async #open(name: string, proof: Proof, who: Waiter): Promise<Buffer | undefined> {
    const { password, pin } = proof;
    const kind = pin === undefined ? 'password' : 'pin';
    const secret = this.#store.secret(name, kind);
    // Counted before it is looked at: of many at once no more are tried than may be.
    if (kind === 'pin' && secret !== undefined) {
      if (secret.wrong >= pinTries)
        throw new CellError('E_PIN_NOT_HERE', `${pinTries} wrong PINs: it is void until then`);
      this.#store.putSecret(name, 'pin', { ...secret, wrong: secret.wrong + 1 });
    }
    const given = pin === undefined ? (password ?? '') : this.#pepper.pin(name, pin);
    const key = await this.#stretcher.open(given, secret, who).catch((error: unknown) => {
      if (kind === 'pin') this.#notLooked(name);
      throw error;
    });
    if (key === undefined || secret === undefined) return undefined;
    const now = this.#store.secret(name, kind);
    // It was changed meanwhile: what was right a moment ago is no longer.
    if (now === undefined || !Buffer.from(now.check).equals(secret.check)) return undefined;
    this.#forgive(name);
    return unseal(key, sealedFor(name, kind), secret.sealed);
  }

  /** It had no turn: it was not wrong. */
  #notLooked(name: string): void {
    const pin = this.#store.secret(name, 'pin');
    if (pin !== undefined && pin.wrong > 0)
      this.#store.putSecret(name, 'pin', { ...pin, wrong: pin.wrong - 1 });
  }

  /** A right password, or a right PIN, ends the count of wrong ones. */
  #forgive(name: string): void {
    const pin = this.#store.secret(name, 'pin');
    if (pin !== undefined && pin.wrong > 0)
      this.#store.putSecret(name, 'pin', { ...pin, wrong: 0 });
  }
}

/** The public key of a private one, as text. */
const shownKey = (key: KeyObject): string =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
