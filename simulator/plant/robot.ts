// The tending robot: an arm with a gripper that knows four stations and four jobs (`robot.job` in the flow says what each means).
// It moves in straight lines at one speed, stands where its drives are cut, and never makes or loses a part by itself.
import type { Duration } from '#contract/time.ts';
import type { Clamp } from './clamp.ts';
import type { Infeed, Outfeed, Part } from './part-flow.ts';
import type { Incidents } from './plant.ts';

export interface RobotOptions {
  /** Metres a second. */
  readonly speed: number;
  /** To close or open the gripper. */
  readonly grip: Duration;
}

export const jobs = ['none', 'load', 'unload', 'leave'] as const;
export type Job = (typeof jobs)[number];

interface Place {
  readonly x: number;
  readonly y: number;
}
/** Metres from the robot's home. */
const stations = {
  home: { x: 0, y: 0 },
  infeed: { x: -0.5, y: 0.6 },
  outfeed: { x: -0.5, y: -0.6 },
  chuck: { x: 1.4, y: 0 },
} as const satisfies Record<string, Place>;
/** Beyond it the arm is inside the machine. */
const doorPlane = 0.6;

/** What the robot reaches and what can hurt it. */
export interface Reach {
  readonly clamp: Clamp;
  readonly chuck: { part: Part | undefined };
  readonly infeed: Infeed;
  readonly outfeed: Outfeed;
  readonly incidents: Incidents;
}

export class Robot {
  job: Job = 'none';
  enable = false;
  part: Part | undefined;
  /** A protective stop: it stands until the safety chain has been opened and closed again. */
  fault = false;
  /** The arm moved in the last tick. */
  moving = false;
  x: number = stations.home.x;
  y: number = stations.home.y;
  readonly #options: RobotOptions;
  readonly #reach: Reach;
  /** The last load or unload: what a `leave` ends. */
  #errand: 'load' | 'unload' = 'load';
  #gripping = 0;
  #done = false;

  constructor(options: RobotOptions, reach: Reach) {
    this.#options = options;
    this.#reach = reach;
  }

  get home(): boolean {
    return this.#at(stations.home);
  }

  get inside(): boolean {
    return this.x > doorPlane;
  }

  /** Holds a part in the chuck: the goal of a load or an unload, while that job lasts. */
  get done(): boolean {
    return this.#done && (this.job === 'load' || this.job === 'unload');
  }

  /** Stands at the chuck with a part between the jaws. */
  get presenting(): boolean {
    return this.part !== undefined && this.#at(stations.chuck);
  }

  /** What it holds slips from the gripper. */
  lose(): void {
    this.part = undefined;
    this.#gripping = 0;
  }

  /** Where the arm is, for people. */
  get place(): string {
    for (const [name, place] of Object.entries(stations)) if (this.#at(place)) return name;
    return this.inside ? 'in the machine' : 'on its way';
  }

  tick(span: number, powered: boolean): void {
    this.#done = false;
    this.moving = false;
    if (!powered) this.fault = false;
    if (!powered || !this.enable || this.fault) return;
    switch (this.job) {
      case 'none':
        if (this.part === undefined || !this.inside) this.#move(stations.home, span);
        return;
      case 'load':
        this.#errand = 'load';
        this.#load(span);
        return;
      case 'unload':
        this.#errand = 'unload';
        this.#unload(span);
        return;
      case 'leave':
        this.#leave(span);
    }
  }

  #load(span: number): void {
    if (this.part !== undefined) {
      const arriving = !this.#at(stations.chuck);
      this.#done = this.#move(stations.chuck, span);
      if (arriving && this.#done) this.#enter();
    } else if (this.#move(stations.infeed, span) && this.#reach.infeed.part !== undefined) {
      if (this.#grip(span)) this.part = this.#reach.infeed.take();
    }
  }

  #unload(span: number): void {
    if (this.part !== undefined) {
      this.#done = this.#at(stations.chuck);
    } else if (this.#move(stations.chuck, span) && this.#reach.chuck.part !== undefined) {
      if (this.#grip(span)) this.part = this.#reach.chuck.part;
    }
  }

  #leave(span: number): void {
    if (this.part === undefined) {
      this.#move(stations.home, span);
    } else if (this.#errand === 'load') {
      // A part that never came to the chuck is kept, for a person to take.
      if (!this.#at(stations.chuck)) this.#keep(span);
      else if (this.#grip(span)) this.#letGo();
    } else if (this.#move(stations.outfeed, span) && !this.#reach.outfeed.full) {
      if (!this.#grip(span)) return;
      this.#reach.outfeed.put(this.part);
      this.part = undefined;
    }
  }

  #keep(span: number): void {
    if (!this.inside) this.#move(stations.home, span);
  }

  /** The gripper opens at the chuck. */
  #letGo(): void {
    const { chuck, clamp, incidents } = this.#reach;
    if (chuck.part !== this.part || !clamp.holds) {
      incidents.add('part-dropped', `the robot let go of ${this.part?.code} in an open chuck`);
      chuck.part = undefined;
    }
    this.part = undefined;
  }

  /** The arm comes to the chuck with a part. */
  #enter(): void {
    const { chuck, clamp, incidents } = this.#reach;
    if (chuck.part !== undefined && chuck.part !== this.part) {
      incidents.add('chuck-occupied', 'a part was pushed against the one in the chuck');
    } else if (!clamp.opened) {
      incidents.add('jaws-closed', 'a part was pushed against closed jaws');
    }
  }

  /** One tick of closing or opening the gripper; true when it is done. */
  #grip(span: number): boolean {
    this.#gripping += span;
    if (this.#gripping < this.#options.grip) return false;
    this.#gripping = 0;
    return true;
  }

  /** One tick nearer; true when there. What is gripped in the chuck comes along, or is torn out. */
  #move(to: Place, span: number): boolean {
    if (this.#at(to)) return true;
    const { chuck, clamp, incidents } = this.#reach;
    if (this.part !== undefined && chuck.part === this.part) {
      if (!clamp.opened) incidents.add('part-torn', 'a part was pulled out of a closed chuck');
      chuck.part = undefined;
    }
    this.#gripping = 0;
    this.moving = true;
    const [dx, dy] = [to.x - this.x, to.y - this.y];
    const distance = Math.sqrt(dx * dx + dy * dy);
    const step = (this.#options.speed * span) / 1000;
    const share = step >= distance ? 1 : step / distance;
    this.x = share === 1 ? to.x : this.x + dx * share;
    this.y = share === 1 ? to.y : this.y + dy * share;
    return share === 1;
  }

  #at(place: Place): boolean {
    return this.x === place.x && this.y === place.y;
  }
}
