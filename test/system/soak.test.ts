// The whole product over real sockets for some minutes, with troubles from a seed at every device, the machine and each
// process: `test/soak` does it and judges it. SOAK_MINUTES sets how long, SEED which troubles.
import { expect, test } from 'vitest';
import { soak } from '#test/soak/soak.ts';
import { testSeed } from './chance.ts';

const minutes = Number(process.env['SOAK_MINUTES'] ?? 3);

test(
  `a soak of ${minutes} min finds nothing wrong (SEED=${testSeed})`,
  async () => {
    const said: string[] = [];
    const report = await soak({
      seconds: minutes * 60,
      seed: testSeed,
      pause: 12_000,
      commit: '',
      interrupted: () => false,
      report: () => undefined,
      say: (text) => void said.push(text),
    });
    const { judged, verdicts } = report;
    process.stdout.write(`${said.join('\n')}\nwrong values: ${judged.wrong}\n`);
    for (const { what, text } of verdicts) process.stdout.write(`${what}: ${text}\n`);
    const bad = verdicts.filter(({ good }) => !good);
    expect(bad, [...judged.examples, ...said].join('\n')).toEqual([]);
    expect(report.state).toBe('good');
  },
  // Beside the troubles: a start, the last recovery and the check, on whatever machine.
  minutes * 60_000 + 1_200_000,
);
