// What control knows of the mirror: what station last said of it. A mirror that is away, or of which nobody
// speaks, is no mirror: `sys.mirror.ok` falls at once, and an alarm follows when that lasts.
import { seconds } from '#contract/time.ts';
import type { Cancel, Clock } from '#contract/time.ts';
import type { MirrorFigures, Sections } from '#contract/wire.ts';
import type { SystemAlarms } from './alarms.ts';
import type { SystemTags } from './system-tags.ts';

const look = seconds(1);
/** Station speaks once a second; so long after it nobody does. */
const silence = seconds(5);
/** An outage so long is for a person to know of. */
const tolerated = seconds(60);

export class MirrorWatch {
  readonly #clock: Clock;
  readonly #configured: boolean;
  readonly #parts: {
    readonly systemTags: Pick<SystemTags, 'mirror'>;
    readonly alarms: SystemAlarms;
  };
  #figures: MirrorFigures | undefined;
  #heardAt: number;
  #goodAt: number;
  #timer: Cancel | undefined;

  constructor(
    clock: Clock,
    configured: boolean,
    parts: { readonly systemTags: Pick<SystemTags, 'mirror'>; readonly alarms: SystemAlarms },
  ) {
    this.#clock = clock;
    this.#configured = configured;
    this.#parts = parts;
    this.#heardAt = clock.now();
    this.#goodAt = clock.now();
  }

  start(): void {
    if (!this.#configured) return;
    this.#timer = this.#clock.after(look, () => {
      this.#judge();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.();
  }

  heard(figures: MirrorFigures): void {
    if (!this.#configured) return;
    this.#figures = figures;
    this.#heardAt = this.#clock.now();
    this.#judge();
  }

  /** As it is shown; nothing where the cell has no mirror, or nobody has spoken of it yet. */
  section(): Pick<Sections, 'mirror'> {
    if (this.#figures === undefined) return {};
    if (!this.#isSilent()) return { mirror: this.#figures };
    const at = Math.floor(this.#clock.time() - (this.#clock.now() - this.#heardAt));
    const error = { code: 'E_CELL_NOT_RUNNING', text: 'station says nothing of the mirror', at };
    return { mirror: { ...this.#figures, state: 'waiting', ok: false, rate: 0, error } };
  }

  #isSilent(): boolean {
    return this.#clock.now() - this.#heardAt > silence;
  }

  #judge(): void {
    const now = this.#clock.now();
    const ok = this.#figures?.ok === true && !this.#isSilent();
    if (ok) this.#goodAt = now;
    this.#parts.systemTags.mirror(ok);
    this.#parts.alarms.set('mirror', now - this.#goodAt > tolerated, this.#clock.time(), {
      priority: 4,
      text: 'The mirror is away from its broker',
      response:
        'Look at the broker and the network: `rebe mirror`. Nothing is lost, it follows later',
    });
  }
}
