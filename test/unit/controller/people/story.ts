// Ada and Ben at station's port: how each test of people begins, and what none of them may leave behind.
import type { PeopleOptions } from '#contract/cell.ts';
import type { PeopleEvent } from '#contract/people.ts';
import { openDoors } from '#test/unit/controller/server/rig.ts';
import type { ControlRole, Doors } from '#test/unit/controller/server/rig.ts';
import { Visitor } from './visitor.ts';

export const secrets = {
  ada: 'seven green ladders lean',
  ben: 'a quiet barge of copper',
  next: 'tall birds count the rain',
  pin: '740182',
};

export const person = (name: string, password: string, roles: readonly string[]) => ({
  name,
  password,
  roles,
  temporary: false,
});

export class Story implements AsyncDisposable {
  readonly up: ControlRole;
  readonly doors: Doors;
  /** Further secrets that were told. */
  readonly made: string[] = [];

  private constructor(up: ControlRole, doors: Doors) {
    this.up = up;
    this.doors = doors;
  }

  static async open(policy?: PeopleOptions): Promise<Story> {
    const up: ControlRole = { control: true };
    return new Story(up, await openDoors(up, policy));
  }

  /** What of people was recorded. */
  get events(): PeopleEvent[] {
    return this.doors.sent.flatMap((message) =>
      message.type === 'record' && 'text' in message.body ? [message.body as PeopleEvent] : [],
    );
  }

  count(event: PeopleEvent['event']): number {
    return this.events.filter((one) => one.event === event).length;
  }

  visitor(token?: string): Visitor {
    return new Visitor(this.doors, token);
  }

  /** Ada the administrator is enrolled, and signed in. */
  async ada(): Promise<Visitor> {
    const first = await this.visitor().link();
    await first.post('/api/people', person('ada', secrets.ada, ['admin']));
    const visitor = this.visitor();
    await visitor.signIn('ada', secrets.ada);
    return visitor;
  }

  /** Ben is enrolled, and signed in. */
  async ben(by: Visitor, roles = ['operator']): Promise<Visitor> {
    await by.post('/api/people', person('ben', secrets.ben, roles));
    const visitor = this.visitor();
    await visitor.signIn('ben', secrets.ben);
    return visitor;
  }

  /** Throws when a secret was recorded or logged. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.doors[Symbol.asyncDispose]();
    const told = JSON.stringify(this.doors.sent) + this.doors.log.join('\n');
    const leaked = [...Object.values(secrets), ...this.made].filter((one) => told.includes(one));
    if (leaked.length > 0) throw new Error(`recorded or logged: ${leaked.join(', ')}`);
  }
}

/** What an authenticator keeps of the secret that it was told. */
export function fromBase32(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = text.replaceAll(/./g, (sign) => alphabet.indexOf(sign).toString(2).padStart(5, '0'));
  return Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}
