// Control at work: what a scan made goes to the record, the outputs and the screens; what the disk, the
// devices and people say comes back in. Every part is made in cell.ts; here they meet.
import type { ShownCell } from '#contract/act-rules.ts';
import { Actor } from '#contract/actor.ts';
import type { Code } from '#contract/error.ts';
import { present } from '#contract/error.ts';
import type { DeviceHealth, WriteResult } from '#contract/driver.ts';
import type { Value } from '#contract/sample.ts';
import { hours, seconds } from '#contract/time.ts';
import type { Cancel, Clock, Duration } from '#contract/time.ts';
import { wellFormed } from '#contract/unicode.ts';
import type { AlarmState, FromClient, WholeSections } from '#contract/wire.ts';
import type { Gap } from '#controller/chronicle/chronicle.ts';
import type { WirePeer } from '#controller/wire/server.ts';
import { commandPatience } from '#flows/engine/intake.ts';
import type { ScanAct } from '#flows/engine/scan.ts';
import type { SystemAlarmChange } from '#controller/scan/alarms.ts';
import { endedForces } from '#controller/scan/ended-forces.ts';
import { DeviceReports } from '#controller/devices/device-reports.ts';
import type { ActRecord, DoorTarget } from '#controller/door/door.ts';
import { resumeHot } from '#controller/start/hot-resume.ts';
import type { LoopEvents, Scanned } from './loop.ts';
import type { OutputPlan } from '#controller/devices/outputs.ts';
import type { SegmentWhy } from '#controller/scan/recorder.ts';
import type { ControlParts } from './parts.ts';
import { Refusals } from '#controller/refusals.ts';
import { retainedKey } from '#controller/start/retained.ts';
import { notSteppedText } from '#controller/door/view.ts';
import { visitsEnded } from '#controller/scan/visits.ts';

/** A segment is replayable on its own; a new one opens at least this often. */
const segmentTime = hours(1);
/** At an orderly end: for safe outputs to be confirmed, and for the record to reach the disk. */
const stopPatience = seconds(1);

/** A parameter's last change, by flow and parameter: when (scan time), and to what while no scan has taken it. */
type Changes = Map<string, { readonly at: number; readonly waiting?: number }>;

export class Control implements LoopEvents, DoorTarget {
  readonly #clock: Clock;
  #assembled: ControlParts | undefined;
  #reports: DeviceReports | undefined;
  readonly #moved = new Map<number, { seq: number; transition: string; time: number }>();
  readonly #changes: Changes = new Map();
  /** The entry that says what was ahead of the record; once it is on disk nothing is. */
  #declared = Number.POSITIVE_INFINITY;
  #segmentAt = 0;
  /** The entry of the last scan; 0: it has none. */
  #scanSeq = 0;
  /** While an orderly end is under way, and after it, nobody is heard any more. */
  #stopping = false;
  /** An invariant broke; what breaks after it is no news. */
  #failed = false;
  #endHot: Cancel | undefined;

  readonly #refusals: Refusals;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#refusals = new Refusals(clock, (left) => {
      const text = `${left} refusals are not recorded one by one`;
      this.#parts.recorder.fault('E_DOOR_FLOOD', text, { door: 'control.sock' });
    });
  }

  get #parts(): ControlParts {
    return present(this.#assembled, 'control was put together');
  }

  /** The parts know control, so they come after it. */
  assemble(parts: ControlParts): void {
    this.#assembled = parts;
    this.#reports = new DeviceReports(this.#clock, parts);
  }

  /** Flows that go on by themselves once their outputs are confirmed safe. */
  resumeHot(flows: ReadonlySet<number>): void {
    this.#endHot = resumeHot(this.#clock, flows, this.#parts);
  }

  segment(why: SegmentWhy): void {
    const { alarms, recorder, loaded, cell, engine, visits } = this.#parts;
    this.#segmentAt = cell.now;
    const state = { scan: cell.scan, now: cell.now, saved: cell.openSegment(), engine };
    recorder.segment(why, loaded, state, alarms.states);
    void visits.keep();
  }

  /** Drives outputs safe, ends the record, and closes every door. False when an output was not confirmed safe. */
  async stop(why: string): Promise<boolean> {
    const { loop, feed, mirror, outputs, devices, recorder, chronicle, alarms } = this.#parts;
    this.#stopping = true;
    loop.stop();
    this.#endHot?.();
    const safe = await outputs.stop(stopPatience);
    if (!safe) {
      alarms.raise('outputs.stop', this.#clock.time(), {
        priority: 1,
        text: 'Control stopped and an output was not confirmed safe',
        response: 'Look at the machine before anyone enters it',
      });
    }
    feed.stop();
    mirror.stop();
    await devices.stop(stopPatience);
    this.#refusals.close();
    this.segment('stop');
    // The last entry but a checkpoint: by it the next start knows that this end was meant.
    recorder.stop(safe ? why : `${why}; not every output was confirmed safe`);
    await Promise.all([chronicle.close(stopPatience), this.#parts.trends.stop()]);
    return safe;
  }

  // --- the loop -------------------------------------------------------------------------------

  before(now: number): void {
    const { systemTags, loop } = this.#parts;
    systemTags.before(now, () => loop.takeWorst());
  }

  scanned(scanned: Scanned): void {
    const { recorder, outputs, door } = this.#parts;
    const { scan, result } = scanned;
    const seq = recorder.scanned(scanned, (id, entry, outcome) => door.took(id, entry, outcome));
    outputs.decide(result.outputs, scan, seq);
    this.#scanSeq = seq;
  }

  settled(scanned: Scanned): void {
    const { door, systemTags, devices, view, trends, progress } = this.#parts;
    const { due, taken, result, tags } = scanned;
    for (const act of taken.expired) door.expired(act);
    for (const change of tags) view.tagChanged(change.tag);
    if (result.record !== undefined || taken.expired.length > 0) this.#made(scanned);
    systemTags.scanned();
    devices.scanned();
    trends.settled(scanned);
    progress(due.now);
    if (due.now - this.#segmentAt >= segmentTime) this.segment('hour');
  }

  failed(error: unknown): void {
    const { loop, outputs, recorder, failed } = this.#parts;
    if (this.#failed) return;
    this.#failed = true;
    loop.stop();
    outputs.allSafe();
    try {
      recorder.fault('E_INTERNAL', error instanceof Error ? error.message : String(error));
    } catch {
      // The record may have ended, or be what broke: outputs are safe, and the process ends all the same.
    }
    failed(error);
  }

  #made(scanned: Scanned): void {
    const { view, feed, stops, retained, cell, flowAlarms, visits, chronicle } = this.#parts;
    const time = Math.floor(this.#clock.time());
    const { taken, result, due } = scanned;
    const fired = result.record?.fired ?? [];
    const ended = { boot: chronicle.opened.boot, now: cell.now };
    for (const visit of visitsEnded(cell, fired)) visits.add(visit, ended);
    for (const { flow, transition } of fired) {
      const decl = cell.plan.flows[flow]?.flow.transitions[transition];
      if (decl !== undefined && decl.to >= 0)
        this.#moved.set(flow, { seq: this.#scanSeq, transition: decl.id, time });
    }
    for (const act of taken.acts) {
      if (act.kind === 'parameter') this.#changes.set(`${act.flow}/${act.param}`, { at: due.now });
      if (act.kind === 'force' || act.kind === 'unforce') view.tagChanged(act.tag);
    }
    for (const act of result.ended) if (act.kind === 'unforce') view.tagChanged(act.tag);
    if (cell.tags.forces.size > 0)
      for (const act of endedForces(cell, view.shown())) this.offer(act, commandPatience);
    for (const change of result.alarms) flowAlarms.changed(change, time);
    this.#parts.withholding.release();
    view.touch();
    for (const stop of stops.scanned(scanned, time)) feed.broadcast(stop);
    const resumed = taken.acts.some((act) => act.kind === 'resume');
    if (resumed) this.segment('resume');
    const key = retainedKey(cell);
    retained.write(key, () => cell.save());
  }

  // --- the disk -------------------------------------------------------------------------------

  durable(seq: number): void {
    if (this.#assembled === undefined) return;
    this.#parts.outputs.durable(seq);
    this.#parts.door.durable(seq);
    if (seq < this.#declared) return;
    this.#declared = Number.POSITIVE_INFINITY;
    this.#parts.ahead(false);
  }

  stalled(code: Code, text: string): void {
    const { outputs, systemTags, alarms } = this.#parts;
    outputs.stall(true);
    this.#parts.ahead(true);
    systemTags.chronicle(false);
    const response = `Check the disk: is it full, or failing? (${code}: ${text})`;
    if (code === 'E_CHRONICLE_LOST') {
      const lost =
        'What happens now is missing from the record: the disk did not answer for too long';
      alarms.raise('chronicle.lost', this.#clock.time(), { priority: 1, text: lost, response });
    }
    alarms.raise('chronicle', this.#clock.time(), {
      priority: 1,
      text: 'The record does not reach the disk; outputs no longer wait for it',
      response,
    });
  }

  recovered(gap: Gap): void {
    const { outputs, systemTags, alarms, recorder, chronicle } = this.#parts;
    outputs.stall(false);
    outputs.tellEarly((early) => recorder.gap(gap, early));
    if (gap.lost > 0) this.segment('gap');
    // Even these may have found no room.
    if (chronicle.stalled) return;
    this.declared();
    systemTags.chronicle(true);
    alarms.clear('chronicle', this.#clock.time());
    alarms.clear('chronicle.lost', this.#clock.time());
  }

  /** What was ahead of the record is declared in its newest entry. */
  declared(): void {
    this.#declared = this.#parts.chronicle.seq;
  }

  // --- the devices ----------------------------------------------------------------------------

  health(device: string, health: DeviceHealth, before: DeviceHealth | undefined): void {
    this.#parts.view.touch();
    present(this.#reports, 'control was put together').health(device, health, before);
  }

  written(output: OutputPlan, value: Value, result: WriteResult): void {
    this.#parts.view.touch();
    present(this.#reports, 'control was put together').written(output, value, result);
  }

  alarmChanged(change: SystemAlarmChange): void {
    this.#parts.recorder.systemAlarm(change);
    this.#parts.trends.systemAlarm(change);
    this.#parts.view.touch();
  }

  /** In doubt: an output of the device whose flow is not stepped, and which is not confirmed safe. */
  doubtful(device: string, limit: Duration): boolean {
    const { cell, outputs } = this.#parts;
    const tags = cell.flows.flatMap((run) =>
      run.stepped ? [] : run.plan.outputs.filter((tag) => cell.plan.tags[tag]?.device === device),
    );
    return outputs.unsafeFor(tags, limit);
  }

  // --- the door -------------------------------------------------------------------------------

  opened(peer: WirePeer): void {
    if (!this.#stopping) this.#parts.feed.open(peer);
  }

  message(peer: WirePeer, message: FromClient): void {
    if (this.#stopping) return;
    const { feed, door } = this.#parts;
    if (message.type === 'act') door.receive(message, (answer) => peer.send(answer));
    if (message.type === 'watch') feed.watch(peer, message.flows);
    if (message.type === 'resync') feed.resync(peer);
    if (message.type === 'record') this.#session(peer, message);
    if (message.type === 'health') this.#parts.mirror.heard(message.mirror);
  }

  #session(peer: WirePeer, { id, actor, body }: Extract<FromClient, { type: 'record' }>): void {
    // Station paces what it tells of refusals; nobody else at this door has more room.
    if (body.event === 'refused' && !this.#refusals.take()) {
      const reason = 'more is refused than is recorded one by one';
      peer.send({ type: 'receipt', id, result: 'refused', code: 'E_ACT_RATE', reason });
      return;
    }
    const known = Actor.safeParse(actor);
    const { recorder, door, breakGlass } = this.#parts;
    const who = known.success ? known.data : 'system';
    const seq = recorder.session(who, body);
    if (body.event === 'break-glass') breakGlass.told(who, body);
    if (body.event === 'break-glass-review') breakGlass.reviewed(who, body);
    door.recorded(id, seq, (answer) => peer.send(answer));
  }

  refused(code: Code, reason: string): void {
    if (this.#stopping || !this.#refusals.take()) return;
    this.#parts.recorder.fault(code, wellFormed(reason), { door: 'control.sock' });
  }

  drained(peer: WirePeer): void {
    if (!this.#stopping) this.#parts.feed.drained(peer);
  }

  closed(peer: WirePeer): void {
    this.#parts.feed.close(peer);
  }

  offer(act: ScanAct, ttl: number): boolean {
    const { intake, loop, alarms, door } = this.#parts;
    if (act.kind === 'acknowledge' && alarms.standing.has(act.alarm)) {
      const done = alarms.acknowledge(act.alarm, this.#clock.time(), act.actor);
      const outcome = done ? 'done' : 'ignored: it does not wait for that';
      const { verb, args } = door.asked(act.id) ?? { verb: act.kind, args: { alarm: act.alarm } };
      const { id, actor } = act;
      const seq = this.record({ id, actor, verb, args, result: 'accepted', outcome });
      door.took(act.id, seq, outcome);
      return true;
    }
    const taken = intake.offer(act, Math.floor(this.#clock.now()), ttl);
    if (taken && act.kind === 'parameter') {
      const { flow, param, value } = act;
      this.#changes.set(`${flow}/${param}`, { at: this.now(), waiting: value });
    }
    loop.wake();
    return taken;
  }

  keep(held: { flow: number; command: number; down: boolean; actor: Actor }): void {
    const { intake, loop } = this.#parts;
    const { actor, down } = held;
    intake.keep(held, { actor, down, now: Math.floor(this.#clock.now()) });
    loop.wake();
  }

  notStepped(flow: number): string | undefined {
    const run = this.#parts.cell.flows[flow];
    return run === undefined ? 'there is no such flow' : notSteppedText(run);
  }

  parameter(flow: number, param: number): { value: number; changed: number | undefined } {
    const run = present(this.#parts.cell.flows[flow], 'a flow of the cell');
    const change = this.#changes.get(`${flow}/${param}`);
    return { value: change?.waiting ?? run.frame.params[param] ?? 0, changed: change?.at };
  }

  alarmStands(id: string): boolean {
    return this.standing()[id] !== undefined && this.standing()[id]?.state !== 'acknowledged';
  }

  forced(tag: number): boolean {
    return this.#parts.cell.tags.forces.has(tag);
  }

  shown(): ShownCell {
    return this.#parts.view.shown();
  }

  movedAt(flow: number): number {
    return this.#moved.get(flow)?.seq ?? 0;
  }

  record(act: ActRecord): number {
    return this.#parts.recorder.act(act);
  }

  refusal(act: ActRecord): void {
    if (this.#refusals.take()) this.record(act);
  }

  now(): number {
    return this.#parts.cell.now;
  }

  // --- the view -------------------------------------------------------------------------------

  /** All alarms that stand or wait for a person, the flows' and the system's. */
  standing(): Record<string, AlarmState> {
    const { alarms, flowAlarms } = this.#parts;
    return { ...flowAlarms.standing(), ...Object.fromEntries(alarms.standing) };
  }

  lastTransition(flow: number): { transition: string; time: number } | undefined {
    const moved = this.#moved.get(flow);
    return moved === undefined ? undefined : { transition: moved.transition, time: moved.time };
  }

  figures(): WholeSections {
    const { loop, chronicle, systemTags, mirror } = this.#parts;
    const { ok, durable, seq, commit } = chronicle.health();
    const waiting = seq - durable;
    return {
      scan: loop.figures(),
      chronicle: {
        ok,
        seq: durable,
        waiting,
        commit: { p50: commit.p50_ms, p99: commit.p99_ms },
        bytes: systemTags.recordBytes,
      },
      ...mirror.section(),
    };
  }
}
