// Commands from the broker, where the manifest lets them in: read strictly, judged by time, handed to control
// as the act of an actor, answered on `receipt/<id>`. Whether the actor may is control's to say, as always.
import { CellError, codes } from '#contract/error.ts';
import type { Code } from '#contract/error.ts';
import {
  CommandMessage,
  commandLife_ms,
  commandLimit,
  commandOf,
  issuedAhead_ms,
  topics,
} from '#contract/mirror.ts';
import type { ReceiptMessage } from '#contract/mirror.ts';
import type { Clock } from '#contract/time.ts';
import type { ActMessage, Done, Hello, Receipt } from '#contract/wire.ts';
import { Bucket } from '#controller/bucket.ts';
import { refusedEvent } from '#controller/server/records.ts';
import type { MirrorLog } from './station-side.ts';
import type { InMessage } from './broker.ts';

/** Commands taken from the broker, and answers to what is refused unread. A stop is never held back. */
const pace = { rate: 20, burst: 50 };
/** Ids whose answers are awaited; the oldest is forgotten first. */
const awaitedLimit = 1024;
/** A command waits so long for a scan, unless it expires before. */
const waits_ms = 2000;

export interface CommandDoor {
  /** To control; false when it is not there. */
  send(act: ActMessage): boolean;
  /** To the broker. */
  publish(topic: string, payload: string): void;
  readonly log: MirrorLog;
}

export class Commands {
  readonly #clock: Clock;
  readonly #base: string;
  readonly #door: CommandDoor;
  readonly #bucket: Bucket;
  readonly #awaited = new Set<string>();
  #hello: Hello | undefined;
  #up = false;

  constructor(clock: Clock, base: string, door: CommandDoor) {
    this.#clock = clock;
    this.#base = base;
    this.#door = door;
    this.#bucket = new Bucket(clock, pace);
  }

  hello(hello: Hello): void {
    this.#hello = hello;
    this.#up = true;
  }

  lost(): void {
    this.#up = false;
  }

  /** A message on a topic that was subscribed to. */
  take(message: InMessage): void {
    const named = commandOf(this.#base, message.topic);
    if (named === undefined) return this.#report('a topic that is no command of this cell');
    // Acknowledged by the broker, and nobody's wish any more.
    if (message.payload.length === 0) return;
    const stop = this.#isStop(named);
    if (!stop && !this.#bucket.take()) return this.#report(`more than ${pace.rate} a second`);
    const read = readCommand(message);
    if (read instanceof CellError) return this.#report(`${message.topic}: ${read.message}`);
    const { command, problem } = read;
    if (problem !== undefined) return this.#refuse(command, problem.code, problem.text);
    const late = this.#late(command);
    if (late !== undefined) return this.#refuse(command, late.code, late.text);
    const { id, expires, reason } = command;
    const left = expires - this.#clock.time();
    this.#await(id);
    const sent =
      this.#up &&
      this.#door.send({
        type: 'act',
        id,
        actor: actorOf(command),
        verb: 'command',
        args: { ...named, reason },
        ttl_ms: Math.max(1, Math.min(waits_ms, Math.floor(left))),
      });
    if (!sent) this.#answer({ id, result: 'refused', ...meaningOf('E_CELL_NOT_RUNNING') });
  }

  /** Something of this length came and was not read. */
  skipped(length: number): void {
    if (this.#bucket.take()) this.#report(`${length} bytes, more than are read`);
  }

  receipt({ id, result, code, reason }: Receipt): void {
    if (!this.#awaited.has(id)) return;
    if (result === 'refused') this.#awaited.delete(id);
    this.#answer({
      id,
      result,
      ...(code === undefined ? {} : { code }),
      ...(reason === undefined ? {} : { reason }),
    });
  }

  done({ id, seq, outcome, code }: Done): void {
    if (!this.#awaited.delete(id)) return;
    const place = seq === 0 ? {} : { n: [this.#hello?.boot ?? 0, seq] as [number, number] };
    this.#answer({
      id,
      result: 'done',
      outcome,
      ...(code === undefined ? {} : { code }),
      ...place,
    });
  }

  #late({ issued, expires }: CommandMessage): Problem | undefined {
    const now = this.#clock.time();
    if (expires <= now)
      return { code: 'E_ACT_EXPIRED', text: `it expired ${Math.round(now - expires)} ms ago` };
    if (issued - now > issuedAhead_ms) {
      const text = `it was issued ${Math.round(issued - now)} ms ahead of the cell's clock`;
      return { code: 'E_MIRROR_COMMAND', text };
    }
    if (expires - issued > commandLife_ms) {
      const text = `a command lives ${commandLife_ms} ms at most`;
      return { code: 'E_MIRROR_COMMAND', text };
    }
    return undefined;
  }

  #await(id: string): void {
    this.#awaited.delete(id);
    this.#awaited.add(id);
    const [oldest] = this.#awaited;
    if (this.#awaited.size > awaitedLimit && oldest !== undefined) this.#awaited.delete(oldest);
  }

  #refuse(command: CommandMessage, code: Code, reason: string): void {
    const { id } = command;
    this.#answer({ id, result: 'refused', code, reason });
    const text = `refused ${actorOf(command)}: ${code}: ${reason}`;
    this.#door.log('warn', text, refusedEvent(actorOf(command), code, text));
  }

  /** Refused, and nobody to be answered: it has no id that could be read. */
  #report(why: string): void {
    const code = 'E_MIRROR_COMMAND';
    const text = `refused a command from the broker: ${code}: ${why.slice(0, 300)}`;
    this.#door.log('warn', text, refusedEvent('token:mqtt', code, text));
  }

  #answer(answer: Omit<ReceiptMessage, 't'>): void {
    const receipt: ReceiptMessage = { ...answer, t: Math.floor(this.#clock.time()) };
    const topic = `${this.#base}/${topics.receipt(answer.id)}`;
    this.#door.publish(topic, JSON.stringify(receipt));
  }

  #isStop({ flow, name }: { readonly flow: string; readonly name: string }): boolean {
    const found = this.#hello?.flows.find((one) => one.name === flow);
    return found?.commands.find((command) => command.name === name)?.class === 'stop';
  }
}

interface Problem {
  readonly code: Code;
  readonly text: string;
}

const actorOf = ({ by }: CommandMessage): string => `token:mqtt-${by}`;

const meaningOf = (code: Code): { code: Code; reason: string } => ({
  code,
  reason: `${codes[code].meaning} ${codes[code].action}`,
});

const wrong = (text: string): CellError => new CellError('E_MIRROR_COMMAND', text);

/** An error: nothing of it can be answered. A problem: it is refused to whoever sent it. */
function readCommand({
  payload,
  retained,
}: InMessage): { command: CommandMessage; problem: Problem | undefined } | CellError {
  if (payload.length > commandLimit) return wrong(`${payload.length} bytes`);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    return wrong('it is no JSON');
  }
  const parsed = CommandMessage.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return wrong(`${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim());
  }
  const text = 'it is retained: the broker would give it again at each connect';
  const problem: Problem | undefined = retained ? { code: 'E_MIRROR_COMMAND', text } : undefined;
  return { command: parsed.data, problem };
}
