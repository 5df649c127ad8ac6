// The two cookies of station's port: whose session it is, and which browser asks. Only their text is made and read
// here; what they stand for is people/'s.
import { secretForm } from './secret.ts';

/** Who stands behind a request's secrets is found with these. */
export interface Secrets {
  readonly session: string | undefined;
  readonly browser: string | undefined;
  readonly token: string | undefined;
}

export class Cookies {
  #port = 0;
  #flags = '';

  /** Cookies know no port, so the name carries it: two cells on one machine keep apart. */
  bind(port: number, { secure }: { readonly secure: boolean }): void {
    this.#port = port;
    this.#flags = `HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  }

  /** The text of a `Set-Cookie` that begins a session; `age` in ms. */
  session(secret: string, age: number): string {
    return this.#text('', secret, age);
  }

  noSession(): string {
    return this.#text('', '', 0);
  }

  browser(secret: string, age: number): string {
    return this.#text('browser-', secret, age);
  }

  /** A token counts alone: what a browser adds by itself is then not looked at. */
  read(headers: {
    readonly cookie?: string | undefined;
    readonly authorization?: string | undefined;
  }): Secrets {
    const { cookie, authorization } = headers;
    if (authorization !== undefined) {
      const token = new RegExp(`^bearer (${secretForm})$`, 'i').exec(authorization)?.[1] ?? '';
      return { session: undefined, browser: undefined, token };
    }
    return {
      session: this.#find('', cookie),
      browser: this.#find('browser-', cookie),
      token: undefined,
    };
  }

  #text(what: string, secret: string, age: number): string {
    return `${this.#name(what)}=${secret}; Path=/; Max-Age=${Math.floor(age / 1000)}; ${this.#flags}`;
  }

  #find(what: string, cookie = ''): string | undefined {
    const form = new RegExp(`(?:^|; )${this.#name(what)}=(${secretForm})(?:;|$)`);
    return form.exec(cookie)?.[1];
  }

  #name(what: string): string {
    return `rebe-${what}${this.#port}`;
  }
}
