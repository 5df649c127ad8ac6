// The heartbeat of one device: a counter or a toggle that stops with control, so that the device falls
// safe by itself. It says when a beat is due and makes it; whether the line is free the driver knows.
import { CellError } from '#contract/error.ts';
import type { HeartbeatSource } from '#contract/driver.ts';
import type { Instant } from '#contract/time.ts';
import type { ModbusConfig } from './config.ts';
import { exceptionText } from './points.ts';
import type { WireHost } from './wire.ts';

export class Heartbeat {
  /** When the next beat is due; Infinity where the manifest names none. */
  at = Infinity;
  readonly unit: number;
  readonly #config: ModbusConfig;
  readonly #source: HeartbeatSource;
  #beats = 0;

  constructor(config: ModbusConfig, source: HeartbeatSource) {
    this.#config = config;
    this.#source = source;
    this.unit = config.heartbeat?.at.unit ?? config.unit;
  }

  /** A new connection is told at once. */
  restart(now: Instant): void {
    if (this.#config.heartbeat !== undefined) this.at = now;
  }

  /** A beat waits for a write, but not for long: writes repeated to a slow device must not stop it. */
  isDue(now: Instant, hasWrite: boolean): boolean {
    const { heartbeat } = this.#config;
    if (heartbeat === undefined || now < this.at) return false;
    return !hasWrite || now - this.at > heartbeat.every / 2;
  }

  /** One beat, if control is alive; what is wrong with it, if anything. */
  async beat(now: Instant, ask: WireHost['ask']): Promise<CellError | undefined> {
    const { heartbeat, base, multiple } = this.#config;
    if (heartbeat === undefined) return undefined;
    const { at, every } = heartbeat;
    this.at += (Math.floor((now - this.at) / every) + 1) * every;
    if (!this.#source.alive()) return undefined;
    this.#beats += 1;
    const outcome = await ask<unknown>(this.unit, 2, (link) =>
      at.holding === undefined
        ? link.writeCoil(this.unit, (at.coil ?? 0) - base, this.#beats % 2 === 1, multiple)
        : link.writeWords(this.unit, at.holding - base, [this.#beats & 0xffff], multiple),
    );
    if (outcome.kind !== 'answer' || outcome.value.kind !== 'exception') return undefined;
    return new CellError('E_DEVICE_EXCEPTION', exceptionText(outcome.value.exception, 'heartbeat'));
  }
}
