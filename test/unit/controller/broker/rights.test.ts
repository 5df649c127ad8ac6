// Who may do what at the embedded broker, without a broker.
import { expect, test } from 'vitest';
import { Rights, refusal } from '#controller/broker/rights.ts';
import { HandClock } from '#test/unit/controller/server/rig.ts';

const clock = new HandClock();
const secret = 'a secret of the test';
const right = { user: 'mirror', password: Buffer.from(secret) };
const guest = { user: undefined, password: undefined };
const rightsOf = (guests = 3): Rights<object> => new Rights(clock, secret, guests);

test.each([
  ['a wrong secret', 'mirror', 'another'],
  ['no secret', 'mirror', undefined],
  ['another user with the right secret', 'admin', secret],
  ['an empty name', '', secret],
])('%s lets nobody in', (_, user, password) => {
  const given = { user, password: password === undefined ? undefined : Buffer.from(password) };
  expect(rightsOf().enter({}, 'x', given)?.returnCode).toBe(refusal.password);
});

test('nobody takes the id that the mirror has, and the mirror takes its own again', () => {
  const rights = rightsOf();
  const [first, second] = [{}, {}];
  expect(rights.enter(first, 'rebe', right)).toBeUndefined();
  expect(rights.enter({}, 'rebe', guest)?.returnCode).toBe(refusal.id);
  expect(rights.enter(second, 'rebe', right)).toBeUndefined();
  // The first one's end comes late: the id is the second one's.
  rights.leave(first, 'rebe');
  expect(rights.enter({}, 'rebe', guest)?.returnCode).toBe(refusal.id);
  rights.leave(second, 'rebe');
  expect(rights.enter({}, 'rebe', guest)).toBeUndefined();
});

test('guests are so many at most, and never keep the mirror out', () => {
  const rights = rightsOf(2);
  const [one, two] = [{}, {}];
  expect(rights.enter(one, 'a', guest)).toBeUndefined();
  expect(rights.enter(two, 'b', guest)).toBeUndefined();
  expect(rights.enter({}, 'c', guest)?.returnCode).toBe(refusal.unavailable);
  expect(rights.enter({}, 'm', right)).toBeUndefined();
  rights.leave(one, 'a');
  expect(rights.enter({}, 'c', guest)).toBeUndefined();
});

const cell = 'acme/north/machining/line-1/tending-1';
test.each<[topic: string, retain: boolean, guestMay: boolean, mirrorMay: boolean]>([
  [`${cell}/command/tending/start`, false, true, true],
  ['tending-1/command/tending/start', false, true, true],
  [`${cell}/command/tending/start`, true, false, true],
  [`${cell}/tag/press/command/x/y`, false, false, true],
  [`${cell}/command/tending`, false, false, true],
  [`${cell}/command/tending/start/now`, false, false, true],
  [`${cell}/command//start`, false, false, true],
  ['command/tending/start', false, false, true],
  [`${cell}/tag/door/open`, false, false, true],
  [`${cell}/health`, true, false, true],
  [`${cell}/receipt/1`, false, false, true],
  ['$SYS/x/new/clients', false, false, false],
])('%s (retained: %s): a guest may publish it: %s, the mirror: %s', (topic, retain, ...may) => {
  const rights = rightsOf();
  const clients = [{}, {}] as const;
  rights.enter(clients[0], 'g', guest);
  rights.enter(clients[1], 'm', right);
  const said = clients.map((client) => rights.refusesPublish(client, { topic, retain }));
  expect(said.map((why) => why === undefined)).toEqual(may);
});

test('a will that comes when its connection is gone is the mirror’s still', () => {
  const rights = rightsOf();
  const mirror = {};
  rights.enter(mirror, 'm', right);
  rights.leave(mirror, 'm');
  expect(rights.refusesPublish(mirror, { topic: `${cell}/health`, retain: true })).toBeUndefined();
});

test('guests together give so many commands a second; what is refused never reaches the mirror', () => {
  const rights = rightsOf();
  const clients = [{}, {}] as const;
  for (const client of clients) rights.enter(client, 'g', guest);
  const give = (client: object): boolean =>
    rights.refusesPublish(client, { topic: `${cell}/command/f/n`, retain: false }) === undefined;
  const taken = Array.from({ length: 1000 }, (_, index) => give(clients[index % 2 === 0 ? 0 : 1]));
  expect(taken.filter(Boolean)).toHaveLength(200);
  clock.advance(1000);
  expect(Array.from({ length: 1000 }, () => give(clients[0])).filter(Boolean)).toHaveLength(50);
});

test('a guest subscribes to everything but what is the broker’s own, so many times', () => {
  const rights = rightsOf();
  const [client, mirror] = [{}, {}];
  rights.enter(client, 'g', guest);
  rights.enter(mirror, 'm', right);
  expect(rights.refusesFilter(client, '#')).toBeUndefined();
  expect(rights.refusesFilter(client, '$SYS/#')).toContain('the broker’s own');
  const asked = (who: object): number =>
    Array.from({ length: 200 }, () => rights.refusesFilter(who, 'a/+')).filter(
      (why) => why === undefined,
    ).length;
  expect(asked(client)).toBe(99);
  expect(asked(mirror)).toBe(200);
  rights.leave(client, 'g');
  expect(rights.refusesFilter(client, '#')).toBe('its connection is gone');
});
