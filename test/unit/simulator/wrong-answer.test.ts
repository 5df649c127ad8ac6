// Answers of a Modbus device that has lost its way: each must be told apart from the right one by whoever asked.
import { describe, expect, it } from 'vitest';
import { frameOf, takeFrames, type Frame } from '#simulator/device/pdu.ts';
import { wrongAnswer } from '#simulator/device/wrong-answer.ts';
import { stream } from '#simulator/plant/random.ts';

const frame = (request: string): Frame => ({
  transaction: 0x1234,
  unit: 5,
  request: Buffer.from(request, 'hex'),
});

/** Does it say that it answers this question, in the form of such an answer? */
function isAnswer(question: Frame, right: Buffer, bytes: Buffer): boolean {
  const taken = takeFrames(bytes);
  const [first] = taken?.frames ?? [];
  if (first === undefined || taken?.rest.length !== 0) return false;
  const { transaction, unit, request: pdu } = first;
  if (transaction !== question.transaction || unit !== question.unit) return false;
  if (pdu[0] === ((question.request[0] ?? 0) | 0x80)) return true;
  if (pdu[0] !== question.request[0] || pdu.length !== right.length) return false;
  // A read is told by its byte count, a write by its echo.
  return right[0] === 3 || right[0] === 1 ? pdu[1] === right[1] : pdu.equals(right);
}

describe('a wrong answer', () => {
  it.each([
    ['to a read of registers', '0300070002', '030400010002'],
    ['to a read of bits', '0100070009', '01020301'],
    ['to a write of a register', '0600070042', '0600070042'],
    ['to a write of several', '10000700020400010002', '1000070002'],
    ['that is an exception', '0300070002', '8302'],
  ])('%s is none to the question, in each of its ways', (_, request, response) => {
    const question = frame(request);
    const right = Buffer.from(response, 'hex');
    expect(isAnswer(question, right, frameOf(question, right))).toBe(true);
    const forms = new Set<string>();
    for (let seed = 0; seed < 500; seed += 1) {
      const bytes = wrongAnswer(stream(seed, 'wrong'), question, right);
      expect(isAnswer(question, right, bytes), `seed ${seed}: ${bytes.toString('hex')}`).toBe(
        false,
      );
      expect(bytes.length).toBeLessThan(300);
      forms.add(bytes.toString('hex'));
    }
    expect(forms.size).toBeGreaterThan(50);
  });
});
