// What each act of control's door asks for, checked against the cell: does its flow, tag or alarm
// exist, is its value allowed. Knows nothing of receipts, and nothing of who may (permission.ts).
import type { Actor } from '#contract/actor.ts';
import type { Code } from '#contract/error.ts';
import { present } from '#contract/error.ts';
import { hours } from '#contract/time.ts';
import type { Value } from '#contract/sample.ts';
import type { Scalar } from '#contract/described.ts';
import type { Verb } from '#contract/verbs.ts';
import type { ScanAct } from '#flows/engine/scan.ts';
import { numberOf } from '#flows/engine/values.ts';
import type { CellPlan, TagPlan } from '#flows/plan.ts';
import type { ParamDecl } from '#flows/program.ts';

const longestForce = hours(8);

/** What the door does with an act that it accepted, and what it must know to accept one. */
export interface ActTarget {
  /** A command, force, parameter... for the next scan. False: too much waits already. */
  offer(act: ScanAct, ttl: number): boolean;
  /** A keep-alive of a held command, or its release. */
  keep(held: { flow: number; command: number; down: boolean; actor: Actor }): void;
  /** Is the flow stepped? Undefined, or why it is not. */
  notStepped(flow: number): string | undefined;
  /** The parameter now, and when it was last changed (scan time). */
  parameter(flow: number, param: number): { value: number; changed: number | undefined };
  alarmStands(id: string): boolean;
  forced(tag: number): boolean;
  now(): number;
}

export interface Refused {
  readonly code: Code;
  readonly reason: string;
}

export const refuse = (code: Code, reason: string): Refused => ({ code, reason });

/** Whose act it is, under which id, and what another person said yes to. */
interface By {
  readonly id: string;
  readonly actor: Actor;
  readonly approval?: string | undefined;
}

/** One for each control. */
export class ActChecks {
  readonly #plan: CellPlan;
  readonly #target: ActTarget;

  constructor(plan: CellPlan, target: ActTarget) {
    this.#plan = plan;
    this.#target = target;
  }

  /** Who may not, what is wrong, or what to do with it. */
  plan(verb: Verb, args: Args): Step | Refused {
    switch (verb) {
      case 'command':
      case 'keep':
        return this.#command(verb, args);
      case 'resume':
        return this.#resume(args);
      case 'parameter':
        return this.#parameter(args);
      case 'force':
        return this.#force(args);
      case 'unforce':
        return this.#unforce(args);
      case 'acknowledge':
        return this.#acknowledge(args);
    }
  }

  #command(verb: 'command' | 'keep', args: Args): Step | Refused {
    const flow = this.#plan.flowIndex.get(args.flow);
    if (flow === undefined) return refuse('E_ACT_FLOW', `no flow ${args.flow}`);
    const commands = present(this.#plan.flows[flow], 'the flow of its index').flow.commands;
    const command = commands.findIndex((candidate) => candidate.name === args.name);
    const decl = commands[command];
    if (decl === undefined)
      return refuse('E_ACT_COMMAND', `${args.flow} has no command ${args.name}`);
    if ((decl.held !== undefined) !== (verb === 'keep')) {
      return refuse(
        'E_ACT_VERB',
        `${args.name} is ${decl.held === undefined ? 'not ' : ''}a held command`,
      );
    }
    const stepped = (): Refused | undefined => {
      const reason = this.#target.notStepped(flow);
      return reason === undefined
        ? undefined
        : refuse('E_FLOW_NOT_STEPPED', `${args.flow}: ${reason}`);
    };
    const run = (by: By, ttl: number): Refused | undefined => {
      const idle = stepped();
      if (idle !== undefined) return idle;
      const { id, actor } = by;
      if (verb === 'command') {
        const act = { id, actor, kind: 'command', flow, command } as const;
        return this.#offer({ ...act, ...whyOf(args), ...approvalOf(by) }, ttl);
      }
      this.#target.keep({ flow, command, down: args.down, actor });
      return undefined;
    };
    return { class: decl.class, run };
  }

  #resume(args: Args): Step | Refused {
    const flow = this.#plan.flowIndex.get(args.flow);
    if (flow === undefined) return refuse('E_ACT_FLOW', `no flow ${args.flow}`);
    if (this.#target.notStepped(flow) === undefined)
      return refuse('E_FLOW_RUNNING', `${args.flow} is running`);
    return this.#step(args, ({ id, actor }) => ({ id, actor, kind: 'resume', flow }));
  }

  #parameter(args: Args): Step | Refused {
    const flow = this.#plan.flowIndex.get(args.flow);
    if (flow === undefined) return refuse('E_ACT_FLOW', `no flow ${args.flow}`);
    const params = present(this.#plan.flows[flow], 'the flow of its index').flow.params;
    const param = params.findIndex((candidate) => candidate.name === args.name);
    const decl = params[param];
    if (decl === undefined)
      return refuse('E_ACT_PARAMETER', `${args.flow} has no parameter ${args.name}`);
    const value = numberOf(decl, args.value);
    if (Number.isNaN(value)) return refuse('E_ACT_VALUE', `${args.name} takes ${rangeText(decl)}`);
    const now = this.#target.parameter(flow, param);
    if (decl.maxStep !== undefined && Math.abs(value - now.value) > decl.maxStep) {
      return refuse(
        'E_ACT_STEP',
        `${args.name} is ${now.value} and may change by ${decl.maxStep} at once`,
      );
    }
    const wait =
      decl.every === undefined || now.changed === undefined ? 0 : now.changed + decl.every;
    if (wait > this.#target.now()) {
      return refuse(
        'E_ACT_STEP',
        `${args.name} may change again in ${wait - this.#target.now()} ms`,
      );
    }
    return this.#step(args, ({ id, actor }) => {
      return { id, actor, kind: 'parameter', flow, param, value };
    });
  }

  #force(args: Args): Step | Refused {
    const tag = this.#plan.tagIndex.get(args.tag);
    const plan = tag === undefined ? undefined : this.#plan.tags[tag];
    if (tag === undefined || plan === undefined) return refuse('E_ACT_TAG', `no tag ${args.tag}`);
    if (plan.kind === 'system')
      return refuse('E_ACT_TAG', `${args.tag} is the system's own and cannot be forced`);
    const { reason = '', for_ms: span } = args;
    if (reason.trim() === '') return refuse('E_ACT_FORCE', 'a force needs a reason');
    if (args.for_ms > longestForce) return refuse('E_ACT_FORCE', 'a force lasts at most 8 h');
    const value = valueOf(plan, args.value);
    if (value === undefined) return refuse('E_ACT_VALUE', `${args.tag} takes ${rangeText(plan)}`);
    return this.#step(args, ({ id, actor }) => {
      const until = this.#target.now() + span;
      return { id, actor, kind: 'force', tag, value, until, reason };
    });
  }

  #unforce(args: Args): Step | Refused {
    const tag = this.#plan.tagIndex.get(args.tag);
    if (tag === undefined) return refuse('E_ACT_TAG', `no tag ${args.tag}`);
    if (!this.#target.forced(tag)) return refuse('E_ACT_TAG', `${args.tag} is not forced`);
    return this.#step(args, ({ id, actor }) => ({ id, actor, kind: 'unforce', tag }));
  }

  #acknowledge(args: Args): Step | Refused {
    const { alarm } = args;
    if (!this.#target.alarmStands(alarm))
      return refuse('E_ACT_ALARM', `${alarm} does not wait for anyone`);
    return this.#step(args, ({ id, actor }) => ({ id, actor, kind: 'acknowledge', alarm }));
  }

  #step(args: Args, make: (by: By) => ScanAct): Step {
    const run: Step['run'] = (by, ttl) =>
      this.#offer({ ...make(by), ...whyOf(args), ...approvalOf(by) }, ttl);
    return { class: undefined, run };
  }

  #offer(act: ScanAct, ttl: number): Refused | undefined {
    return this.#target.offer(act, ttl) ? undefined : refuse('E_ACT_RATE', 'too many acts wait');
  }
}

/** All arguments that any verb has; each verb's own were checked by its schema. */
export interface Args {
  readonly flow: string;
  readonly name: string;
  readonly down: boolean;
  readonly tag: string;
  readonly value: Scalar;
  readonly for_ms: number;
  readonly reason?: string;
  readonly alarm: string;
}

/** An act that may be taken, and the class of its command. */
export interface Step {
  readonly class: 'stop' | 'start' | 'other' | undefined;
  run(by: By, ttl: number): Refused | undefined;
}

const approvalOf = ({ approval }: By): { approval?: string } =>
  approval === undefined ? {} : { approval };

/** What was said of why, if anything was. */
const whyOf = ({ reason }: Args): { reason?: string } => (reason === undefined ? {} : { reason });

/** A value of a tag as a person gives it, when it is one. */
function valueOf(plan: TagPlan, value: Scalar): Value | undefined {
  switch (plan.type) {
    case 'bool':
      return typeof value === 'boolean' ? value : undefined;
    case 'string':
      return typeof value === 'string' && value.length <= 256 ? value : undefined;
    case 'enum':
      return typeof value === 'string' && plan.values.includes(value) ? value : undefined;
    case 'int':
      return Number.isSafeInteger(value) && inside(plan, value as number) ? value : undefined;
    case 'real':
      return typeof value === 'number' && inside(plan, value) ? value : undefined;
  }
}

type Range = { readonly min?: number; readonly max?: number; readonly unit?: string };
const inside = ({ min, max }: Range, value: number): boolean =>
  Number.isFinite(value) &&
  (min === undefined || value >= min) &&
  (max === undefined || value <= max);

/** What it takes, for people: `real from 10 to 90 bar`. */
export function rangeText(plan: (TagPlan | ParamDecl) & Range): string {
  const kind = typeof plan.type === 'string' ? plan.type : plan.type.kind;
  const names =
    typeof plan.type === 'string' ? plan.values : 'values' in plan.type ? plan.type.values : [];
  if (kind === 'enum') return `one of ${names.join(', ')}`;
  if (kind === 'bool') return 'true or false';
  const unit = plan.unit === undefined ? '' : ` ${plan.unit}`;
  return plan.min === undefined || plan.max === undefined
    ? `${kind}${unit}`
    : `${kind} from ${plan.min} to ${plan.max}${unit}`;
}
