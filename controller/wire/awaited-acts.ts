// Acts on their way to control: each waits for its receipt, and then for its entry to be on disk.
// Whoever asks decides nothing here; what control says is what they get.
import { CellError } from '#contract/error.ts';
import { seconds } from '#contract/time.ts';
import type { Clock, Duration } from '#contract/time.ts';
import type { WholeFromControl } from '#contract/pages.ts';
import type { ActMessage, Done, Receipt } from '#contract/wire.ts';

/** What became of an act; no `done`: it was refused, or is a held command's keep-alive. */
export interface Answered {
  readonly receipt: Receipt;
  readonly done: Done | undefined;
}

/** How long control may take. */
const patience = seconds(5);
/** Acts that are awaited at once. */
const awaitedLimit = 1024;

interface Waiting {
  readonly verb: string;
  readonly answer: Promise<Answered>;
  receipt: Receipt | undefined;
  readonly end: (answered: Answered | CellError) => void;
}

/** One for each connection to control. */
export class AwaitedActs {
  readonly #clock: Clock;
  readonly #send: (act: ActMessage) => boolean;
  readonly #patience: Duration;
  readonly #waiting = new Map<string, Waiting>();

  /** `send`: false when control is not there. */
  constructor(clock: Clock, send: (act: ActMessage) => boolean, limit = patience) {
    this.#clock = clock;
    this.#send = send;
    this.#patience = limit;
  }

  /**
   * Throws `E_CELL_NOT_RUNNING` when control does not say what became of it, `E_CHRONICLE_STALL` when it was
   * accepted and is not on disk in time. One that is awaited already is not sent twice.
   */
  async give(act: ActMessage): Promise<Answered> {
    const known = this.#waiting.get(act.id);
    if (known !== undefined) return known.answer;
    if (this.#waiting.size >= awaitedLimit)
      throw new CellError('E_ACT_RATE', `${awaitedLimit} acts wait for their answers`);
    const { answer } = this.#await(act);
    if (!this.#send(act)) this.#waiting.get(act.id)?.end(notRunning('control is not there'));
    return answer;
  }

  #await({ id, verb }: ActMessage): Waiting {
    const settle: { done?: (answered: Answered) => void; fail?: (error: CellError) => void } = {};
    const answer = new Promise<Answered>((done, fail) => {
      settle.done = done;
      settle.fail = fail;
    });
    const late = this.#clock.after(this.#patience, () =>
      waiting.end(
        waiting.receipt === undefined
          ? notRunning(`control did not say what became of ${verb}`)
          : new CellError(
              'E_CHRONICLE_STALL',
              `${verb} was accepted; its entry is not on disk yet`,
            ),
      ),
    );
    const waiting: Waiting = {
      verb,
      answer,
      receipt: undefined,
      end: (answered) => {
        late();
        this.#waiting.delete(id);
        if (answered instanceof CellError) settle.fail?.(answered);
        else settle.done?.(answered);
      },
    };
    this.#waiting.set(id, waiting);
    return waiting;
  }

  /** Control said something. */
  take(message: WholeFromControl): void {
    if (message.type !== 'receipt' && message.type !== 'done') return;
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    if (message.type === 'done') {
      if (waiting.receipt !== undefined) waiting.end({ receipt: waiting.receipt, done: message });
      return;
    }
    waiting.receipt = message;
    // A held command is answered by its receipt alone; its begin and end are the scan's to record.
    if (message.result === 'refused' || waiting.verb === 'keep')
      waiting.end({ receipt: message, done: undefined });
  }

  /** The connection to control has ended. */
  lost(): void {
    for (const { verb, end } of this.#waiting.values())
      end(notRunning(`control went before it said what became of ${verb}`));
  }
}

const notRunning = (text: string): CellError => new CellError('E_CELL_NOT_RUNNING', text);
