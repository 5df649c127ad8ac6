// The machine-tending cell as physics: door, clamp and chuck, robot, CNC, coolant, infeed and outfeed, and the safety
// chain that is hard-wired around them. What would have been damage is an incident; it decides nothing for the flow.
import type { Duration, Random } from '#contract/time.ts';
import { Clamp, type ClampOptions } from './clamp.ts';
import { Cnc, type CncOptions, type SpindleOptions } from './cnc.ts';
import { Coolant, type CoolantOptions } from './coolant.ts';
import { Door, type DoorOptions } from './door.ts';
import {
  Infeed,
  Outfeed,
  type InfeedOptions,
  type OutfeedOptions,
  type Part,
} from './part-flow.ts';
import { Incidents, type Actuator, type Incident, type Plant, type PlantAct } from './plant.ts';
import type { PlantValue, Sensor } from './plant.ts';
import { jobs, Robot, type RobotOptions } from './robot.ts';

export interface TendingOptions {
  readonly door: DoorOptions;
  readonly clamp: ClampOptions;
  readonly robot: RobotOptions;
  readonly cnc: CncOptions;
  readonly spindle: SpindleOptions;
  readonly coolant: CoolantOptions;
  readonly infeed: InfeedOptions;
  readonly outfeed: OutfeedOptions;
}

export class Tending implements Plant {
  readonly door: Door;
  readonly clamp: Clamp;
  readonly robot: Robot;
  readonly cnc: Cnc;
  readonly coolant: Coolant;
  readonly infeed: Infeed;
  readonly outfeed: Outfeed;
  readonly chuck: { part: Part | undefined } = { part: undefined };
  readonly sensors: ReadonlyMap<string, Sensor>;
  readonly actuators: ReadonlyMap<string, Actuator>;
  readonly #incidents = new Incidents();
  #estop = false;
  #gate = false;
  #beacon = 'red';
  #taken = 0;
  #lost = 0;

  /** `random(name)` gives a stream of chance for each part that needs one. */
  constructor(options: TendingOptions, random: (name: string) => Random) {
    this.door = new Door(options.door);
    this.clamp = new Clamp(options.clamp, random('clamp'));
    this.cnc = new Cnc(options.cnc, options.spindle);
    this.coolant = new Coolant(options.coolant, random('coolant'));
    this.infeed = new Infeed(options.infeed);
    this.outfeed = new Outfeed(options.outfeed);
    const { clamp, chuck, infeed, outfeed } = this;
    const reach = { clamp, chuck, infeed, outfeed, incidents: this.#incidents };
    this.robot = new Robot(options.robot, reach);
    this.sensors = new Map(Object.entries(this.#sensors()));
    this.actuators = new Map(Object.entries(this.#actuators()));
  }

  get incidents(): readonly Incident[] {
    return this.#incidents.list;
  }

  /** The safety chain is closed: drives have power. */
  get powered(): boolean {
    return !this.#estop && !this.#gate;
  }

  tick(span: Duration): void {
    const { powered } = this;
    this.#incidents.now += span;
    this.door.tick(span, powered);
    const pressed = this.clamp.holds;
    this.clamp.tick(span, powered);
    if (pressed && !this.clamp.holds) this.#loosened();
    this.robot.tick(span, powered);
    // The jaws close on what the robot presents: from now on the chuck has it too.
    if (this.clamp.holds && this.robot.presenting) this.chuck.part = this.robot.part;
    const fit = this.door.closed && this.clamp.holds && !this.robot.inside;
    const refused = this.cnc.alarm;
    this.cnc.tick(span, { powered, fit, flow: this.coolant.flow });
    if (this.cnc.alarm && !refused) {
      this.#incidents.add('start-unfit', 'the CNC was started with the door open or no part held');
    }
    this.coolant.tick(span);
    this.infeed.tick(span);
    this.outfeed.tick(span);
    this.#watch();
  }

  act(act: PlantAct, on: boolean): string | undefined {
    switch (act) {
      case 'estop':
        this.#estop = on;
        return undefined;
      case 'gate-open':
        this.#gate = on;
        return undefined;
      case 'take-part':
        return on ? this.#take() : undefined;
      case 'door-jam':
        this.door.jam(on);
        return undefined;
      case 'coolant-loss':
        this.coolant.lost = on;
        return undefined;
      case 'part-lost':
        return on ? this.#lose() : undefined;
      case 'pressure-leak':
        this.clamp.leaking = on;
        return undefined;
    }
  }

  acting(act: PlantAct): boolean {
    switch (act) {
      case 'estop':
        return this.#estop;
      case 'gate-open':
        return this.#gate;
      case 'door-jam':
        return this.door.jammed;
      case 'coolant-loss':
        return this.coolant.lost;
      case 'pressure-leak':
        return this.clamp.leaking;
      case 'take-part':
      case 'part-lost':
        return false;
    }
  }

  figures(): Readonly<Record<string, PlantValue>> {
    const { outfeed } = this;
    return {
      made: outfeed.parts.length + outfeed.delivered,
      last: outfeed.last,
      taken: this.#taken,
      lost: this.#lost,
      infeed: this.infeed.part?.code ?? '',
      gripper: this.robot.part?.code ?? '',
      chuck: this.chuck.part?.code ?? '',
      outfeed: outfeed.parts.length,
      door: round(this.door.position),
      pressure: round(this.clamp.pressure),
      robot: this.robot.place,
      spindle: round(this.cnc.speed),
      temperature: round(this.cnc.temperature),
      flow: round(this.coolant.flow),
      beacon: this.#beacon,
    };
  }

  /** By the hand releases of door and clamp, which are put back: nothing but the part has moved after it. */
  #take(): string | undefined {
    if (!this.cnc.still || this.cnc.running) return 'the spindle turns';
    const { enable, moving, job } = this.robot;
    if (moving || (enable && this.powered && job !== 'none')) return 'the robot moves';
    const parts = new Set([this.robot.part, this.chuck.part]);
    parts.delete(undefined);
    if (parts.size === 0) return 'there is no part in chuck or gripper';
    this.#taken += parts.size;
    this.robot.part = undefined;
    this.chuck.part = undefined;
    return undefined;
  }

  /** Out of the gripper, or out of the chuck with whatever grips it there. */
  #lose(): string | undefined {
    const { robot, chuck, cnc } = this;
    const part = robot.part ?? chuck.part;
    if (part === undefined) return 'there is no part in chuck or gripper';
    if (part === chuck.part && !cnc.still) {
      this.#incidents.add('part-thrown', `the turning chuck threw ${part.code}`);
    }
    if (part === chuck.part) chuck.part = undefined;
    if (part === robot.part) robot.lose();
    this.#lost += 1;
    return undefined;
  }

  /** The jaws have let go. With the robot's drives off a person stands there, and holds what would fall. */
  #loosened(): void {
    const { part } = this.chuck;
    if (part === undefined || this.robot.part === part || !this.robot.enable) return;
    // Nobody opened a clamp that leaked away.
    const slipped = this.clamp.leaking && !this.clamp.opening;
    const [kind, did] = slipped ? ['part-slipped', 'leaked'] : ['part-dropped', 'opened'];
    this.#incidents.add(kind, `the clamp ${did} and nobody held ${part.code}`);
    this.chuck.part = undefined;
  }

  #watch(): void {
    const { door, clamp, robot, cnc } = this;
    const incidents = this.#incidents;
    const struck = robot.inside && !door.opened;
    if (struck) robot.fault = true;
    incidents.watch('door-on-robot', struck, 'the door is not open around the robot');
    incidents.watch(
      'open-while-turning',
      !cnc.still && !door.closed,
      'the door is open, the spindle turns',
    );
    incidents.watch(
      'loose-while-turning',
      !cnc.still && !clamp.holds,
      'the clamp is loose, the spindle turns',
    );
    incidents.watch('tool-burnt', cnc.burnt, 'the tool has cut without coolant for too long');
    incidents.watch(
      'robot-at-tool',
      !cnc.still && robot.inside,
      'the robot is inside, the spindle turns',
    );
  }

  #sensors(): Record<string, Sensor> {
    return {
      'safety.estop': () => !this.#estop,
      'safety.gate': () => !this.#gate,
      'door.opened': () => this.door.opened,
      'door.closed': () => this.door.closed,
      'clamp.opened': () => this.clamp.opened,
      'clamp.pressure': () => this.clamp.gauge,
      'cnc.ready': () => this.cnc.ready(this.powered),
      'cnc.running': () => this.cnc.running,
      'cnc.done': () => this.cnc.done,
      'cnc.alarm': () => this.cnc.alarm,
      'spindle.stopped': () => this.cnc.still,
      'spindle.temp': () => this.cnc.temperature,
      'robot.home': () => this.robot.home,
      'robot.done': () => this.robot.done,
      'robot.fault': () => this.robot.fault,
      'gripper.part': () => this.robot.part !== undefined,
      'infeed.part': () => this.infeed.part !== undefined,
      'outfeed.full': () => this.outfeed.full,
      'coolant.flow': () => this.coolant.meter,
      'part.code': () => this.infeed.code,
    };
  }

  #actuators(): Record<string, Actuator> {
    return {
      'door.open': (value) => void (this.door.opening = value === true),
      'door.close': (value) => void (this.door.closing = value === true),
      'clamp.open': (value) => void (this.clamp.opening = value === true),
      'cnc.start': (value) => void (this.cnc.start = value === true),
      'cnc.stop': (value) => void (this.cnc.stop = value === true),
      'robot.enable': (value) => void (this.robot.enable = value === true),
      'robot.job': (value) =>
        void (this.robot.job = jobs.find((job) => job === value) ?? this.robot.job),
      'coolant.pump': (value) => void (this.coolant.pumping = value === true),
      beacon: (value) => void (this.#beacon = String(value)),
    };
  }
}

const round = (value: number): number => Math.round(value * 100) / 100;
