// A circuit breaker for each unit behind one connection, so that a dead unit does not starve the
// others. It keeps no time of its own: the caller says what time it is.
import { instant, milliseconds } from '#contract/time.ts';
import type { Duration, Instant } from '#contract/time.ts';

/** Timeouts in a row after which a unit is asked only now and then. */
const tripAfter = 3;
const firstProbe = 1000;
const longestProbe = 5000;
/** After a probe that took t without an answer no other may start for 9 t: at most a tenth is lost. */
const budget = 9;

interface Circuit {
  timeouts: number;
  /** 0 while closed. */
  probeEvery: number;
  probeAt: number;
}

/** The circuits of one connection. With a single unit there is nobody to protect: it never opens. */
export class Breakers {
  readonly #circuits = new Map<number, Circuit>();
  #probesFrom = 0;

  /** Names the units that are served; one that stays keeps its circuit. */
  setUnits(units: Iterable<number>): void {
    const wanted = new Set(units);
    for (const unit of this.#circuits.keys()) if (!wanted.has(unit)) this.#circuits.delete(unit);
    for (const unit of wanted) {
      if (!this.#circuits.has(unit)) {
        this.#circuits.set(unit, { timeouts: 0, probeEvery: 0, probeAt: 0 });
      }
    }
  }

  /** May the unit be asked now? An open one only as a probe. */
  permits(unit: number, now: Instant): boolean {
    const circuit = this.#circuits.get(unit);
    if (circuit === undefined || circuit.probeEvery === 0 || this.#circuits.size < 2) return true;
    return now >= circuit.probeAt && now >= this.#probesFrom;
  }

  /** When the next open unit may be probed; undefined when none is open. */
  nextProbe(): Instant | undefined {
    let first: number | undefined;
    for (const circuit of this.#circuits.values()) {
      if (circuit.probeEvery === 0) continue;
      first = first === undefined ? circuit.probeAt : Math.min(first, circuit.probeAt);
    }
    return first === undefined ? undefined : instant(Math.max(first, this.#probesFrom));
  }

  isOpen(unit: number): boolean {
    return this.#circuits.size > 1 && (this.#circuits.get(unit)?.probeEvery ?? 0) > 0;
  }

  /** How many units are not asked as usual. */
  get open(): number {
    let count = 0;
    for (const unit of this.#circuits.keys()) if (this.isOpen(unit)) count += 1;
    return count;
  }

  get size(): number {
    return this.#circuits.size;
  }

  /** On a new connection: when all were silent it was the line, and each is asked again at once. */
  renew(): void {
    if (this.open < this.size) return;
    for (const unit of this.#circuits.keys()) this.answered(unit);
    this.#probesFrom = 0;
  }

  answered(unit: number): void {
    const circuit = this.#circuits.get(unit);
    if (circuit === undefined) return;
    circuit.timeouts = 0;
    circuit.probeEvery = 0;
  }

  /** A request to the unit got no answer for `took`. */
  timedOut(unit: number, now: Instant, took: Duration): void {
    const circuit = this.#circuits.get(unit);
    if (circuit === undefined) return;
    circuit.timeouts += 1;
    if (circuit.timeouts < tripAfter) return;
    const wasOpen = circuit.probeEvery > 0;
    circuit.probeEvery = wasOpen ? Math.min(longestProbe, circuit.probeEvery * 2) : firstProbe;
    // Within the budget every open unit has its turn before the same one has another.
    const turn = wasOpen ? took * (budget + 1) * this.open : 0;
    circuit.probeAt = now + Math.max(circuit.probeEvery, turn);
    if (wasOpen) this.#probesFrom = now + took * budget;
  }
}

/** Request to answer over the last 256, as p50 and p99. */
export class Latencies {
  readonly #ring = new Float64Array(256);
  #count = 0;

  add(took: Duration): void {
    this.#ring[this.#count % this.#ring.length] = took;
    this.#count += 1;
  }

  summary(): { readonly p50: Duration; readonly p99: Duration } {
    const sorted = this.#ring.subarray(0, Math.min(this.#count, this.#ring.length)).toSorted();
    const at = (part: number): Duration =>
      milliseconds(sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? 0);
    return { p50: at(0.5), p99: at(0.99) };
  }
}
