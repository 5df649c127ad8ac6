// The floor of a running cell, as a person there has it: what the cell shows over control's door, commands through the same,
// hands at the simulated machine. `Operator` of the simulator works there as it does in virtual time.
import { randomBytes } from 'node:crypto';
import { applyDelta, follows } from '#contract/merge.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { Verb } from '#contract/verbs.ts';
import type { Hello, Snapshot } from '#contract/wire.ts';
import { milliseconds } from '#contract/time.ts';
import { realClock, realRandom } from '#controller/clock.ts';
import { socketPath } from '#controller/cli/connection.ts';
import { consoleActor } from '#controller/console-actor.ts';
import { WireLink } from '#controller/wire/client.ts';
import { ask } from '#simulator/door.ts';
import type { Workplace } from '#simulator/operator.ts';
import type { PlantAct } from '#simulator/plant/plant.ts';

const flow = 'tending';
/** Outcomes that are kept. */
const outcomesKept = 200;
/** Between two keep-alives of a held command, ms. */
const keepEvery = 100;
/** What a hand found is true for so long, ms. */
const handMemory = 1500;
/** Power is switched off for so long, ms. */
const powerOff = 1500;
/** A flow that is not stepped for so long is resumed by hand, ms. */
const resumeAfter = 5000;

export class Floor implements Workplace {
  readonly outcomes = new Map<string, string>();
  hello: Hello | undefined;
  /** Undefined while control is away. */
  snapshot: Snapshot | undefined;
  /** When control was last heard, ms of this process. */
  heard = 0;
  readonly #link: WireLink;
  readonly #machine: string;
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #found = new Map<
    PlantAct,
    { readonly refusal: string | undefined; readonly at: number }
  >();
  #unstepped = 0;

  /** `machine`: the simulator's directory. */
  constructor(data: string, machine: string) {
    this.#machine = machine;
    const options = { path: socketPath(data), client: 'cli', feed: true } as const;
    this.#link = new WireLink(realClock(), realRandom, options, {
      message: (message) => this.#hear(message),
      closed: () => {
        this.snapshot = undefined;
      },
    });
  }

  start(): void {
    this.#link.start();
    this.#resume();
  }

  stop(): void {
    this.#link.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  state(region: string): string {
    return this.snapshot?.flows[flow]?.regions[region]?.state ?? '';
  }

  ctx(name: string): number {
    return Number(this.snapshot?.flows[flow]?.ctx[name] ?? 0);
  }

  param(name: string): number {
    return Number(this.snapshot?.flows[flow]?.parameters[name] ?? 0);
  }

  get executing(): boolean {
    return this.state('unit').startsWith('unit.Execute');
  }

  command(name: string): string {
    return this.#act('command', { flow, name });
  }

  hold(name: string, span: number): void {
    const until = Date.now() + span;
    const keep = (): void => {
      const down = Date.now() < until;
      this.#act('keep', { flow, name, down });
      if (down) this.after(keepEvery, keep);
    };
    keep();
  }

  /** What came of it is known at the next look. */
  act(act: PlantAct, on = true): string | undefined {
    // Power comes back by itself.
    if (!on) return undefined;
    const found = this.#found.get(act);
    this.#found.delete(act);
    if (found !== undefined && Date.now() - found.at < handMemory) return found.refusal;
    void this.#hand(act);
    return 'it is being done';
  }

  after(delay: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      run();
    }, delay);
    this.#timers.add(timer);
  }

  async #hand(act: PlantAct): Promise<void> {
    const lasts = act === 'estop' ? { for_ms: milliseconds(powerOff) } : {};
    const answer = await ask(this.#machine, {
      verb: 'fault',
      target: 'plant',
      kind: act,
      ...lasts,
    }).catch(() => undefined);
    if (answer === undefined) return;
    const refusal = answer.ok ? undefined : answer.text.replace(/^[^:]*: /, '');
    this.#found.set(act, { refusal, at: Date.now() });
  }

  #act(verb: Verb, args: Readonly<Record<string, string | boolean>>): string {
    const id = randomBytes(12).toString('hex');
    this.#link.send({ type: 'act', id, actor: consoleActor(), verb, args, ttl_ms: 2000 });
    return id;
  }

  #hear(message: WholeFromControl): void {
    this.heard = performance.now();
    if (message.type === 'hello') this.hello = message;
    if (message.type === 'snapshot') this.snapshot = message;
    if (message.type === 'delta' && this.snapshot !== undefined) {
      if (follows(this.snapshot.frame, message)) {
        this.snapshot = applyDelta(this.snapshot, message);
      } else this.#link.send({ type: 'resync' });
    }
    if (message.type === 'done') this.#outcome(message.id, message.outcome);
    if (message.type === 'receipt' && message.result === 'refused') {
      this.#outcome(message.id, `refused ${message.code ?? ''}`);
    }
  }

  #outcome(id: string, outcome: string): void {
    this.outcomes.set(id, outcome);
    const [oldest] = this.outcomes.keys();
    if (this.outcomes.size > outcomesKept && oldest !== undefined) this.outcomes.delete(oldest);
  }

  /** As a person does whose machine was too busy to confirm its outputs by itself. */
  #resume(): void {
    this.after(1000, () => {
      const waits = this.snapshot?.flows[flow]?.stepped === false;
      this.#unstepped = waits ? this.#unstepped + 1000 : 0;
      if (this.#unstepped >= resumeAfter) {
        this.#unstepped = 0;
        this.#act('resume', { flow });
      }
      this.#resume();
    });
  }
}
