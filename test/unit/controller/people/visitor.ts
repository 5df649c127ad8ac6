// Somebody at station's port with a browser's memory for cookies, or a program with a token.
import type { Me } from '#contract/people-routes.ts';
import { mintLink } from '#controller/server/link.ts';
import type { Doors } from '#test/unit/controller/server/rig.ts';

/** An answer: its status, and the JSON of its body. */
export interface Given {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export class Visitor {
  readonly #doors: Doors;
  readonly #token: string | undefined;
  readonly #jar = new Map<string, string>();

  constructor(doors: Doors, token?: string) {
    this.#doors = doors;
    this.#token = token;
  }

  get cookie(): string {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  async ask(method: string, path: string, body?: unknown): Promise<Given> {
    const { origin } = this.#doors;
    const answer = await fetch(`${origin}${path}`, {
      method,
      headers: {
        ...(this.#token === undefined
          ? { origin, cookie: this.cookie }
          : { authorization: `Bearer ${this.#token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const text of answer.headers.getSetCookie()) {
      const [name, value] = (text.split(';')[0] ?? '').split('=');
      if (name !== undefined && value !== undefined) this.#jar.set(name, value);
    }
    const text = await answer.text();
    return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
  }

  /** The answer's code; undefined where it was not refused. */
  async code(method: string, path: string, body?: unknown): Promise<unknown> {
    return (await this.ask(method, path, body)).body['code'];
  }

  async post(path: string, body: unknown): Promise<Given> {
    return this.ask('POST', path, body);
  }

  async me(): Promise<Me> {
    return (await this.ask('GET', '/api/me')).body as unknown as Me;
  }

  /** Opens a link of the console. */
  async link(): Promise<this> {
    await this.post('/session', { key: await mintLink(this.#doors.data) });
    return this;
  }

  async signIn(name: string, password: string, code?: string): Promise<Given> {
    return this.post('/api/sign-in', { name, password, ...(code === undefined ? {} : { code }) });
  }
}
