// What devices say of themselves and of what was written to them: to the record, as alarms to people, to
// the flows as system tags, and to the outputs of a device that was lost or is back.
import type { DeviceHealth, WriteResult } from '#contract/driver.ts';
import type { Value } from '#contract/sample.ts';
import { seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { SystemAlarms } from '#controller/scan/alarms.ts';
import type { Devices } from './devices.ts';
import type { OutputPlan, Outputs } from './outputs.ts';
import type { Recorder } from '#controller/scan/recorder.ts';
import type { SystemTags } from '#controller/scan/system-tags.ts';
import type { Withholding } from './withholding.ts';

/** So long may a device answer badly before a person is asked to look. */
const patience = seconds(5);

/** Whom they are told to. */
export interface ReportTargets {
  readonly alarms: SystemAlarms;
  readonly devices: Devices;
  readonly outputs: Outputs;
  readonly recorder: Recorder;
  readonly systemTags: SystemTags;
  readonly withholding: Withholding;
}

/** One for each control. */
export class DeviceReports {
  readonly #clock: Clock;
  readonly #targets: ReportTargets;
  /** By output: how its last write ended. */
  readonly #ended = new Map<number, string>();
  /** By device: the connection in which it was last online. */
  readonly #online = new Map<string, number>();
  /** By device: what will raise its alarm unless it answers well again. */
  readonly #waiting = new Map<string, Cancel>();

  constructor(clock: Clock, targets: ReportTargets) {
    this.#clock = clock;
    this.#targets = targets;
  }

  health(device: string, health: DeviceHealth, before: DeviceHealth | undefined): void {
    const { alarms, outputs, recorder, systemTags, withholding } = this.#targets;
    if (health.state === before?.state && health.epoch === before.epoch) return;
    recorder.device(device, health);
    if (health.state === 'stopped') return;
    const online = health.state === 'online';
    const known = this.#online.get(device);
    const returned = online && health.epoch > 1 && health.epoch !== known;
    if (online) this.#online.set(device, health.epoch);
    if (online) {
      outputs.returned(device);
    } else if (!isThere(health.state)) {
      outputs.lost(device);
      withholding.lost(device);
    }
    systemTags.device(device, isThere(health.state), returned);
    this.#waiting.get(device)?.();
    this.#waiting.delete(device);
    // It got worse: another text, and whoever acknowledged the first is asked again.
    if (before?.state === 'degraded' && health.state === 'backoff')
      alarms.clear(`device.${device}`, this.#clock.time());
    if (health.state === 'degraded') this.#alarmLater(device, health);
    else if (health.state !== 'connecting') this.#alarm(device, health);
  }

  /** One late answer asks nothing of a person. */
  #alarmLater(device: string, health: DeviceHealth): void {
    const raise = (): void => {
      this.#waiting.delete(device);
      this.#alarm(device, health);
    };
    this.#waiting.set(device, this.#clock.after(patience, raise));
  }

  #alarm(device: string, { state, error }: DeviceHealth): void {
    const stands = state === 'degraded' || state === 'backoff';
    const why = error === undefined ? '' : `: ${error.text}`;
    const bad = state === 'degraded';
    this.#targets.alarms.set(`device.${device}`, stands, this.#clock.time(), {
      priority: 2,
      text: `Device ${device} ${bad ? 'answers badly' : 'does not answer'}${why}`,
      response: bad
        ? 'Check its cable, its load and what else talks on its line; control keeps asking'
        : 'Check its power, its cable and its address; control tries again by itself',
    });
  }

  written(output: OutputPlan, value: Value, result: WriteResult): void {
    const { alarms, devices, recorder } = this.#targets;
    const { outcome } = result;
    // Nothing is known of a device that is away; its own entry and alarm tell so.
    if (outcome === 'unknown' && !isThere(devices.stateOf(output.device))) return;
    // The repeats of a write that ends as it did before tell nothing new.
    const ended = `${String(value)} ${outcome}`;
    if (outcome !== 'confirmed' && this.#ended.get(output.tag) !== ended)
      recorder.write(output.name, value, result);
    this.#ended.set(output.tag, ended);
    const refused = outcome === 'mismatch' || outcome === 'rejected';
    // A device that is away has an alarm of its own.
    if (!refused && outcome !== 'confirmed') return;
    alarms.set(`write.${output.name}`, refused, this.#clock.time(), {
      priority: 2,
      text: `${output.device} does not take ${output.name} = ${String(value)} (${outcome})`,
      response: 'Check the device: is it in a mode that refuses writes?',
    });
  }
}

/** One that failed a request is still there. */
const isThere = (state: DeviceHealth['state'] | undefined): boolean =>
  state === 'online' || state === 'degraded';
