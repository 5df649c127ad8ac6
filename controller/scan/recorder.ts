// From what happened to entries of the chronicle: a scan with its acts before it and its notes and
// alarms after it, segments, and what happens outside scans. It knows the form, not the disk.
import { deflateRawSync } from 'node:zlib';
import type { Actor } from '#contract/actor.ts';
import { encodeUtf8 } from '#contract/bytes.ts';
import { canonicalJson } from '#contract/canonical.ts';
import type { Json } from '#contract/canonical.ts';
import type { DeviceHealth, WriteResult } from '#contract/driver.ts';
import type { EntryKind, SessionBody } from '#contract/entry.ts';
import { encodeScan } from '#contract/record.ts';
import { toJsonValue } from '#contract/sample.ts';
import type { Value } from '#contract/sample.ts';
import { wellFormedJson } from '#contract/unicode.ts';
import { utcMs } from '#contract/time.ts';
import type { Clock, UtcMs } from '#contract/time.ts';
import type { Text } from '#contract/described.ts';
import type { AlarmChange, FlowFault, NoteMade, ScanAct } from '#flows/engine/scan.ts';
import type { CellPlan } from '#flows/plan.ts';
import { recordAct } from '#flows/replay/acts.ts';
import { actBody } from '#controller/door/door.ts';
import type { ActRecord } from '#controller/door/door.ts';
import type { AlarmMemory, SystemAlarmChange } from './alarms.ts';
import type { LoadedCell } from '#controller/config.ts';
import type { Scanned } from '#controller/loop.ts';
import type { EarlyOutputs } from '#controller/devices/outputs.ts';

/** Where entries go; gives each its `seq`, or 0 when it was dropped. */
export interface EntrySink {
  append(draft: {
    scan: number | null;
    at: number;
    kind: EntryKind;
    actor: Actor;
    body: Uint8Array;
    seal?: boolean;
  }): number;
}

/** Why a segment opens. */
export type SegmentWhy = 'boot' | 'resume' | 'gap' | 'hour' | 'stop';

export class Recorder {
  readonly #clock: Clock;
  readonly #sink: EntrySink;
  readonly #plan: CellPlan;

  constructor(clock: Clock, sink: EntrySink, plan: CellPlan) {
    this.#clock = clock;
    this.#sink = sink;
    this.#plan = plan;
  }

  /** A scan, when it is to be recorded: its acts, itself, its notes, alarms and faults. The `seq` of its own entry. */
  scanned(
    { scan, taken, result }: Scanned,
    took: (id: string, seq: number, outcome: string) => void,
  ): number {
    const at = this.#at();
    const outcomes = new Map(result.outcomes.map(({ id, outcome }) => [id, outcome]));
    for (const act of taken.acts) {
      const outcome = outcomes.get(act.id) ?? 'done';
      took(act.id, this.#act(scan, at, act, outcome), outcome);
    }
    for (const act of result.ended) this.#act(scan, at, act, 'done');
    this.#held(scan, at, taken);
    const { record } = result;
    if (record === undefined) return 0;
    const seq = this.#sink.append({
      scan,
      at,
      kind: 'scan',
      actor: 'system',
      body: encodeScan(record, at),
    });
    for (const note of result.notes) this.#note(scan, at, note);
    for (const alarm of result.alarms) this.#alarm(scan, at, alarm);
    for (const fault of result.faults) this.flowFault(scan, fault);
    return seq;
  }

  /** Everything that a replay needs from here on. */
  segment(
    why: SegmentWhy,
    cell: LoadedCell,
    state: { scan: number; now: number; saved: Json; engine: string },
    alarms: ReadonlyMap<string, AlarmMemory> = new Map(),
  ): number {
    const flows = [...cell.flows].map(([name, { file, text, hash }]) => [
      name,
      { file, text: deflated(text), hash },
    ]);
    return this.#json(state.scan, 'segment', 'system', {
      why,
      manifest: {
        file: cell.manifestFile,
        text: deflated(cell.manifestText),
        hash: cell.manifestHash,
      },
      flows: Object.fromEntries(flows),
      engine: state.engine,
      endpoints: cell.endpoints,
      tags: cell.plan.tags.map((tag) => tag.name),
      scan: state.scan,
      now: state.now,
      period: cell.manifest.scan.period,
      state: state.saved,
      ...(alarms.size === 0 ? {} : { alarms: alarmsBody(alarms) }),
    });
  }

  boot(body: {
    version: string;
    node: string;
    platform: string;
    before: string;
    aside?: string;
  }): number {
    return this.#json(null, 'boot', 'system', body);
  }

  stop(reason: string): number {
    return this.#json(null, 'stop', 'system', { reason });
  }

  /** A refused act, or one that no scan takes. */
  act(act: ActRecord): number {
    const body = encodeUtf8(actBody(act));
    return this.#sink.append({ scan: null, at: this.#at(), kind: 'act', actor: act.actor, body });
  }

  systemAlarm({ id, change, alarm, by }: SystemAlarmChange): number {
    const body = {
      id,
      change,
      priority: alarm.priority,
      text: plain(alarm.text),
      ...(by === undefined ? {} : { by }),
    };
    return this.#json(null, 'alarm', by ?? 'system', body);
  }

  device(device: string, health: DeviceHealth): number {
    const { state, epoch, error } = health;
    return this.#json(null, 'device', 'system', {
      device,
      state,
      epoch,
      ...(error === undefined ? {} : { error: { code: error.code, text: error.text } }),
    });
  }

  /** A write that did not end confirmed. */
  write(tag: string, value: Value, result: WriteResult): number {
    const { outcome, readBack, status } = result;
    return this.#json(null, 'write', 'system', {
      tag,
      value: toJsonValue(value),
      outcome,
      ...(readBack === undefined ? {} : { readBack: toJsonValue(readBack) }),
      ...(status === undefined ? {} : { status }),
    });
  }

  /** What happened in station. */
  session(actor: Actor, body: SessionBody): number {
    const json = canonicalJson(wellFormedJson(JSON.parse(JSON.stringify(body))));
    return this.#sink.append({
      scan: null,
      at: this.#at(),
      kind: 'session',
      actor,
      body: encodeUtf8(json),
      ...(isSealed(body) ? { seal: true } : {}),
    });
  }

  gap(
    gap: { why: string; from: number; to: number; lost: number },
    { outputs, more }: EarlyOutputs = { outputs: [], more: 0 },
  ): number {
    const early = outputs.map(({ tag, value, scan }) => ({ tag, value: toJsonValue(value), scan }));
    const rest = more === 0 ? {} : { more };
    return this.#json(null, 'gap', 'system', { ...gap, outputs: early, ...rest });
  }

  /** Something broke that is not a flow's: a doorway refused, an invariant. */
  fault(code: string, text: string, context: Readonly<Record<string, Json>> = {}): number {
    return this.#json(null, 'fault', 'system', { code, text, context });
  }

  flowFault(scan: number, fault: FlowFault): number {
    const flow = this.#plan.flows[fault.flow]?.name ?? '';
    return this.#json(scan, 'fault', 'system', {
      code: fault.code,
      text: fault.text,
      context: { flow },
    });
  }

  #act(scan: number, at: UtcMs, act: ScanAct, outcome: string): number {
    const { id, actor, approval } = act;
    const { verb, args } = recordAct(this.#plan, act);
    const record = { id, actor, verb, args, result: 'accepted', outcome } as const;
    const body = encodeUtf8(actBody(approval === undefined ? record : { ...record, approval }));
    return this.#sink.append({ scan, at, kind: 'act', actor, body });
  }

  /** Of a held command its beginning and its end. */
  #held(scan: number, at: number, { begun, ended }: Scanned['taken']): void {
    const name = (flow: number, command: number): Readonly<Record<string, Json>> => {
      const plan = this.#plan.flows[flow];
      return { flow: plan?.name ?? '', name: plan?.flow.commands[command]?.name ?? '' };
    };
    const append = (
      actor: Actor,
      down: boolean,
      args: Readonly<Record<string, Json>>,
      outcome: string,
    ): void => {
      const act = {
        id: `held-${scan}`,
        actor,
        verb: 'keep',
        args: { ...args, down },
        result: 'accepted' as const,
        outcome,
      };
      this.#sink.append({ scan, at, kind: 'act', actor, body: encodeUtf8(actBody(act)) });
    };
    for (const one of begun) append(one.actor, true, name(one.flow, one.command), 'begun');
    for (const one of ended) {
      append(
        one.actor,
        false,
        name(one.flow, one.command),
        `${one.how} after ${one.keeps} keep-alives`,
      );
    }
  }

  #note(scan: number, at: number, note: NoteMade): void {
    const plan = this.#plan.flows[note.flow];
    const values = Object.entries(note.values).map(([name, { v, s }]) => [
      name,
      { v: toJsonValue(v), s },
    ]);
    const body = canonicalJson({
      flow: plan?.name ?? '',
      transition: plan?.flow.transitions[note.transition]?.id ?? '',
      kind: note.kind,
      values: Object.fromEntries(values),
    });
    this.#sink.append({ scan, at, kind: 'note', actor: 'system', body: encodeUtf8(body) });
  }

  #alarm(scan: number, at: number, { id, change, priority, text, by }: AlarmChange): void {
    const body = canonicalJson({
      id,
      change,
      priority,
      text: plain(text),
      ...(by === undefined ? {} : { by }),
    });
    this.#sink.append({ scan, at, kind: 'alarm', actor: by ?? 'system', body: encodeUtf8(body) });
  }

  #json(scan: number | null, kind: EntryKind, actor: Actor, body: Json): number {
    return this.#sink.append({
      scan,
      at: this.#at(),
      kind,
      actor,
      body: encodeUtf8(canonicalJson(body)),
    });
  }

  #at(): UtcMs {
    return utcMs(Math.floor(this.#clock.time()));
  }
}

/** Yeses, and how shells end: nobody who has the disk for a minute alters them unseen. */
function isSealed(body: SessionBody): boolean {
  if (body.event === 'shell-step')
    return body.fired.length > 0 && sealedStates.has(body.states['session'] ?? '');
  return sealedEvents.has(body.event);
}
const sealedEvents: ReadonlySet<string> = new Set(['approval', 'shell-lost', 'break-glass']);
const sealedStates: ReadonlySet<string> = new Set([
  'Ending',
  'Ended',
  'Killed',
  'Denied',
  'Expired',
]);

/** As the chronicle keeps a text: raw-deflated, base64. */
export const deflated = (text: string): string =>
  deflateRawSync(Buffer.from(text, 'utf8')).toString('base64');

const alarmsBody = (alarms: ReadonlyMap<string, AlarmMemory>): Json =>
  Object.fromEntries([...alarms].map(([id, { state, by }]) => [id, { state, by }]));

const plain = (text: Text): string =>
  typeof text === 'string' ? text : (text['en'] ?? Object.values(text)[0] ?? '');
