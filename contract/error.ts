// Every code the product can show, in one table; docs/reference/errors.md is generated from it.
// A code is never reused: one that is no longer given stays here with `retired: true`.
// oxlint-disable max-lines -- one table of all codes is what makes each of them findable

interface Meaning {
  readonly meaning: string;
  readonly action: string;
  readonly retry: 'never' | 'later';
  readonly retired?: boolean;
}

const never = (meaning: string, action: string): Meaning => ({ meaning, action, retry: 'never' });
const later = (meaning: string, action: string): Meaning => ({ meaning, action, retry: 'later' });

/** `{code: {meaning, action, retry}}`; codes of the flow language (`CFnnnn`) stand in `flowCodes`. */
export const codes = {
  // Command line
  E_USAGE: never('The command line is not understood.', 'Read `rebe help VERB`.'),
  E_FILE_READ: never('A file cannot be read.', 'Check the path and its permissions.'),
  E_FILE_EXISTS: never(
    'Something is there already, and nothing is overwritten.',
    'Name an empty or a new directory.',
  ),
  E_FILE_WRITE: later('A file cannot be written.', 'Check the path, its permissions and the disk.'),
  E_INTERNAL: never('An invariant of the product is broken.', 'Keep the chronicle and report it.'),
  // Manifest
  E_MANIFEST_YAML: never('The file is not valid YAML 1.2.', 'Mend the place that is shown.'),
  E_MANIFEST_FIELD: never(
    'A field is unknown or its value is not allowed.',
    'See docs/reference/manifest.md.',
  ),
  E_MANIFEST_DRIVER: never('No driver has this name.', 'Use one of the names that are listed.'),
  E_MANIFEST_REFERENCE: never('A name is used that nothing declares.', 'Declare it or correct it.'),
  E_MANIFEST_TYPE: never(
    'What a tag is, is said differently in two places, or nowhere.',
    'Say it alike in all of them, or in the manifest when no flow uses the tag.',
  ),
  E_MANIFEST_TIME: never(
    'A time is shorter than the device or the scan can keep.',
    'Lengthen it, or poll more often.',
  ),
  E_MANIFEST_OUTPUT: never(
    'An output is driven twice, read where it is driven, or cannot be written.',
    'Let one flow drive it, at an address that can be written.',
  ),
  E_MANIFEST_RECORD: never(
    'A tag that a flow reads is kept out of the chronicle.',
    'Leave `record: false` out.',
  ),
  E_MANIFEST_NOT_YET: {
    ...never('The field was planned and not built yet.', 'Leave it out, or use the value shown.'),
    retired: true,
  },
  // Mirror
  E_MIRROR_BROKER: later(
    'The mirror’s broker cannot be reached, or the connection to it ended.',
    'Look at the broker and the network; what happens meanwhile follows when it is back.',
  ),
  E_MIRROR_REFUSED: later(
    'The mirror’s broker refused the connection.',
    'Check user, secret and certificates, and what the broker lets that user do.',
  ),
  E_MIRROR_SILENT: later(
    'The mirror’s broker took messages and did not acknowledge them in time.',
    'Look at the broker: it hangs, or its disk is full. What it did not take is sent again.',
  ),
  E_MIRROR_TWIN: later(
    'Another cell of the same name and path speaks on the same broker.',
    'Give one of them another `cell` or `path`; one of the two is silent until then.',
  ),
  E_MIRROR_STORE: later(
    'The mirror cannot keep its place in `station.db`.',
    'Look at the disk and the permissions of the data directory.',
  ),
  E_MIRROR_COMMAND: never(
    'A command from the broker is malformed, retained, or too long.',
    'Mend whoever publishes it; docs/reference/mirror.md says what a command is.',
  ),
  // Secrets and certificates
  E_SECRET_MISSING: never(
    'A secret that the manifest names is not there, or others can read it.',
    'Set `REBE_SECRET_<NAME>`, or write it to `secrets/<name>` in the data directory, mode 0600.',
  ),
  E_PKI_THUMBPRINT: never(
    'No certificate has this thumbprint, or more than one.',
    'See `rebe pki list`.',
  ),
  // Cell
  E_CELL_LOCKED: later(
    'Another controller owns this data directory.',
    'Stop it, or use another --data.',
  ),
  E_CELL_NOT_RUNNING: later(
    'No controller answers on this data directory.',
    'Start it with `rebe run` or `rebe demo`, or name its directory with --data.',
  ),
  E_CELL_ENDPOINTS: never(
    'The endpoints file does not fit the manifest.',
    'Write it again with `rebe simulate`.',
  ),
  // Doors
  E_DOOR_PATH: never('The socket path is longer than 107 bytes.', 'Use a shorter --data path.'),
  E_DOOR_PROTOCOL: never(
    'The two sides speak different protocol versions.',
    'Use one version of rebe.',
  ),
  E_DOOR_FRAME: never(
    'A frame or a request is malformed.',
    'Mend the client: docs/reference/wire.md and api.md say what is understood.',
  ),
  E_DOOR_TYPE: never(
    'The body of a request is of a type that is not taken.',
    'Send JSON, with `content-type: application/json`.',
  ),
  E_DOOR_SIZE: never(
    'A frame or a request is larger than is taken.',
    'Send less at once; a connection of frames was closed.',
  ),
  E_DOOR_SLOW: later(
    'The client did not read what it was sent.',
    'Connect again; a snapshot follows.',
  ),
  E_DOOR_HELLO: later(
    'The client did not say hello in time.',
    'Mend the client: it says hello at once, or it is closed.',
  ),
  E_DOOR_FLOOD: later(
    'More was refused at a door of the cell than is recorded one by one.',
    'Find the client that repeats itself; the entries before this one show what it asks.',
  ),
  E_DOOR_ORIGIN: never(
    'The request comes from another origin or host.',
    'Open the page at its own address.',
  ),
  E_DOOR_ROUTE: never(
    'There is nothing at this address.',
    'Open the address that the cell prints.',
  ),
  E_DOOR_FULL: later(
    'Too many pages, or other clients, are open on this cell.',
    'Close one, then open this one again.',
  ),
  E_STATION_PORT: later(
    'The address of the page cannot be listened on.',
    'Give another: `--listen`, or `station.listen` in the manifest.',
  ),
  E_BROKER_PORT: later(
    'The address of the embedded broker cannot be listened on.',
    'Give another: `mirror: {broker: embedded, listen: 127.0.0.1:1884}` in the manifest.',
  ),
  E_STATION_TRUST: never(
    'The certificate that is shown there is of nobody who is believed.',
    'Give who signed it: `--ca FILE`; compare its SHA-256 with the one that `rebe status` says at the cell.',
  ),
  E_DOOR_RATE: later(
    'More was asked in a short time than is answered.',
    'Ask more slowly, and again in some seconds.',
  ),
  E_NOT_SIGNED_IN: never(
    'This needs someone who is signed in.',
    'Sign in: on the page, or with `rebe login NAME`. Nobody is enrolled yet: `rebe link`.',
  ),
  E_NOT_ALLOWED: never(
    'Whoever is signed in may not do this.',
    'Sign in as somebody who may (`rebe login NAME`), or ask them: `rebe people roles` shows what each role may.',
  ),
  E_LINK_USED: never(
    'The link was used already, or it is not of this cell.',
    'Print another: `rebe link`.',
  ),
  // People
  E_SIGN_IN: never(
    'Name, password, PIN or code are not right together.',
    'Try again, slowly; an administrator can give a new password: `rebe people set NAME --password`.',
  ),
  E_SIGN_IN_CODE: never(
    'This person has a second factor, and its code is needed.',
    'Give the six digits that the device of the person shows now.',
  ),
  E_SIGN_IN_LOCKED: later(
    'Too many wrong attempts: name or address are locked for a while.',
    'Wait as long as is said. Stop commands at the cell’s own panel work meanwhile.',
  ),
  E_SIGN_IN_BUSY: later(
    'More people sign in at this moment than passwords can be checked.',
    'Try again in some seconds.',
  ),
  E_PIN_NOT_HERE: never(
    'The PIN is good only where its person used the password in the last 12 hours.',
    'Sign in with the password.',
  ),
  E_PROOF_OLD: later(
    'This needs a proof of who you are that is a few minutes old at most.',
    'Give the password again, or for an approval the PIN; then ask again.',
  ),
  E_FACTOR_NONE: never(
    'This needs a second factor, and there is none.',
    'Set one up on the page, under your own name; then sign in again with its code.',
  ),
  E_PASSWORD_WEAK: never(
    'The password is one that is guessed first.',
    'Choose another: some words that nobody would join, at least 12 characters.',
  ),
  E_PERSON_NONE: never('Nobody of this name is enrolled.', 'See `rebe people`.'),
  E_PERSON_EXISTS: never(
    'There is a person or token of this name.',
    'Choose another name, or change the one that is there.',
  ),
  E_PERSON_LAST: never(
    'It would leave the cell without an administrator who can sign in.',
    'Make another one first: `rebe people add NAME --role admin`.',
  ),
  E_PEOPLE_STORE: later(
    'People cannot be read from or written to `station.db`.',
    'Look at the disk and the permissions of the data directory.',
  ),
  E_SESSION_NONE: never('There is no such session or token.', 'See `rebe people sessions`.'),
  E_CONSOLE_PEOPLE: never(
    'People are enrolled: the console alone may stop the machine, and nothing else.',
    'Say who you are: `rebe login NAME`.',
  ),
  E_STATION_NOT_ENROLLED: never(
    'Nobody is enrolled: station listens to no other machine.',
    'Enrol an administrator at the cell: `rebe people add NAME --role admin`.',
  ),
  E_STATION_TLS: never(
    'Certificate or key of station cannot be used.',
    'Check `station: {tls: ...}` in the manifest; both are PEM files that belong together.',
  ),
  // Approvals
  E_APPROVAL_NONE: never('There is no such approval.', 'See `rebe approve`.'),
  E_APPROVAL_STATE: never(
    'Nothing more can be said to it: it was denied, withdrawn, used up, or has all its yes.',
    'See `rebe approve`; ask again if it is still needed.',
  ),
  E_APPROVAL_WAITING: later(
    'Not all who must have said yes.',
    'Ask somebody who may; `rebe approve` shows how many are missing.',
  ),
  E_APPROVAL_EARLY: later('The time it is approved for has not begun.', 'Wait until then.'),
  E_APPROVAL_EXPIRED: never('The time it was asked for is over.', 'Ask again.'),
  E_APPROVAL_USED: never('It was used as often as was approved.', 'Ask again.'),
  E_APPROVAL_ALTERED: never(
    'This is not exactly what was approved: who, what or its arguments differ, or a signature does not fit.',
    'Do what was approved, or ask for what is to be done.',
  ),
  E_APPROVAL_FEW: never(
    'It was asked for with fewer yes than this needs.',
    'Ask again, with as many as it needs.',
  ),
  E_APPROVAL_SELF: never('Nobody approves what they asked for themselves.', 'Ask somebody else.'),
  E_APPROVAL_OWNER: never(
    'Nobody approves what their own agent or program asked for.',
    'Ask somebody else.',
  ),
  E_APPROVAL_TWICE: never(
    'This person, or this session, is in it already.',
    'Somebody else says yes, signed in on their own.',
  ),
  E_APPROVAL_PERSON: never(
    'Only a person who is enrolled may say yes.',
    'Sign in as a person; agents, programs and the console approve nothing.',
  ),
  E_APPROVAL_TOKEN: never(
    'A program asks for no second person and no shell: whoever holds its token could be both.',
    'Sign in as a person, or give an agent a token that names its person (`--agent-of`).',
  ),
  E_APPROVAL_WINDOW: never(
    'The time asked for is over, too long, or too far away.',
    'Ask for at most 24 hours that begin within 7 days.',
  ),
  E_APPROVAL_SIZE: never('What is asked for is too large to be approved.', 'Ask for less.'),
  E_APPROVAL_MANY: later(
    'Too many approvals are waiting.',
    'Withdraw what is not needed, or wait until others are answered.',
  ),
  E_APPROVAL_STORE: later(
    'Approvals cannot be kept in station.db.',
    'Check the disk; nothing is approved until it answers.',
  ),
  // Agents
  E_AGENT_OFF: never(
    'Agents may not propose commands at this cell.',
    'Turn it on in the manifest, `shell: {agents: {on: true}}`, with `shell: {on: true}`.',
  ),
  E_AGENT_ONLY: never(
    'Agents alone propose commands, and propose nothing but commands.',
    'A person asks for a shell: `rebe shell ask`; an agent proposes one command.',
  ),
  E_AGENT_NONE: never('There is no such command of an agent.', 'List them.'),
  E_AGENT_BUDGET: later(
    'The agent has used up what it may execute in an hour, or asks for more time than it may have.',
    'Wait, or let a person do it.',
  ),
  E_AGENT_LOCKED: never(
    'The agent is locked out: it was refused too often, or somebody locked it.',
    'Look at what it tried; who supervises can take the lock away.',
  ),
  // Acts
  E_ACT_FLOW: never('The cell has no flow of this name.', 'See `rebe flows`.'),
  E_ACT_COMMAND: never('The flow has no command of this name.', 'See `rebe flows`.'),
  E_ACT_PARAMETER: never('The flow has no parameter of this name.', 'See `rebe flows`.'),
  E_ACT_TAG: never('The cell has no such tag, or it cannot be forced.', 'See `rebe tags`.'),
  E_ACT_ALARM: never('No such alarm is waiting to be acknowledged.', 'See `rebe alarms`.'),
  E_ACT_VALUE: never(
    'The value is of another type or outside its range.',
    'Give a value as described.',
  ),
  E_ACT_STEP: later(
    'The change is larger, or sooner after the last, than the flow allows.',
    'Take smaller steps.',
  ),
  E_ACT_ACTOR: never('The actor is unknown or malformed.', 'Sign in.'),
  E_ACT_VERB: never(
    'The act is unknown or its arguments are malformed.',
    'See docs/reference/wire.md.',
  ),
  E_ACT_EXPIRED: later('The act waited longer than its time to live.', 'Give it again.'),
  E_ACT_RATE: later('Too many acts in a short time.', 'Wait a second.'),
  E_CONSOLE_LINE: never(
    'A line of the console cannot be cut into words.',
    'Close quotes, and send no control characters.',
  ),
  E_ACT_IGNORED: later(
    'The act was taken and changed nothing: the machine had no use for it, or it came too late.',
    'See what the flow waits for: `why`.',
  ),
  E_ACT_REASON: never('The act needs a reason, which is recorded.', 'Say why: `--reason TEXT`.'),
  E_ACT_WHERE: later(
    'The machine is not where this may be done.',
    'Bring it there; the text names the states.',
  ),
  E_ACT_APPROVAL: later(
    'Somebody else must say yes to this first.',
    'Ask for an approval of exactly this, and give it again with that.',
  ),
  E_ACT_KEY: never(
    'The key of an act was used for another act before.',
    'Take another key, or repeat exactly what was asked.',
  ),
  E_ACT_UNKNOWN: never(
    'An act was sent, and what became of it was not heard.',
    'Look in the chronicle, and give it again under another key if it is not there.',
  ),
  E_ACT_FORCE: never(
    'A force needs a reason and an end within 8 hours.',
    'Give --reason and --for.',
  ),
  E_STALE_VIEW: later('The flow moved after what you saw.', 'Look again, then decide.'),
  E_FLOW_NOT_STEPPED: later(
    'The flow is not running.',
    'Read why with `rebe flows`; then `rebe resume`.',
  ),
  E_FLOW_RUNNING: never('The flow is running; there is nothing to resume.', 'Nothing to do.'),
  E_FLOW_FAULT: never(
    'A flow failed while it ran.',
    'Keep the chronicle, report it; then `rebe resume`.',
  ),
  E_FLOW_ENGINES_DIFFER: never(
    'The two engines of a flow came to different results.',
    'Keep the chronicle and report it.',
  ),
  // Devices
  E_DEVICE_CONNECT: later(
    'The device does not accept a connection.',
    'Check power, cable and address.',
  ),
  E_DEVICE_TIMEOUT: later('The device did not answer in time.', 'Check the device and the line.'),
  E_DEVICE_CLOSED: later('The connection to the device was lost.', 'It is tried again by itself.'),
  E_DEVICE_PROTOCOL: later(
    'The device sent what its protocol does not allow.',
    'Check the device and the line.',
  ),
  E_DEVICE_FLOOD: later(
    'The device sends more than can be looked at.',
    'Check what makes it send; its tags are bad until they come again.',
  ),
  E_DEVICE_EXCEPTION: never(
    'The device refused a request.',
    'Check the address and the type of the tag.',
  ),
  E_DEVICE_TAG: never(
    'A tag cannot be served by this device.',
    'Correct its `at` in the manifest.',
  ),
  E_DEVICE_CERTIFICATE: never(
    'The certificate of the device is not trusted, not of now, or of another host.',
    'Compare its thumbprint with the one that the device shows, then trust it as the text says.',
  ),
  E_DEVICE_STOPPED: never('The driver was stopped.', 'Nothing to do.'),
  // Chronicle
  E_CHRONICLE_OPEN: never(
    'The chronicle cannot be read.',
    'Keep the file. Control sets it aside when it starts, and begins a new one.',
  ),
  E_CHRONICLE_WRITE: later('The chronicle cannot be written.', 'Free disk space; check the disk.'),
  E_CHRONICLE_STALL: later('The disk does not take the record in time.', 'Check the disk.'),
  E_CHRONICLE_LOST: never(
    'Entries were dropped because the disk did not answer.',
    'Check the disk.',
  ),
  E_HISTORY_OPEN: later(
    'The history cannot be read.',
    'Is the data directory right, and did control run on it? A broken file is set aside by control.',
  ),
  E_HISTORY_FORMAT: never(
    'This is no history that this version reads.',
    'Control sets it aside when it starts, and begins a new one.',
  ),
  E_HISTORY_WRITE: later(
    'The history cannot be written; control goes on without it.',
    'Free disk space; check the disk. What happens meanwhile is a gap in the trends.',
  ),
  E_HISTORY_LOST: later(
    'More waits to be written to the history than is kept in memory.',
    'Check the disk. What happens meanwhile is a gap in the trends.',
  ),
  E_HISTORY_ASIDE: never(
    'The history could not be read; it was set aside, and a new one begun.',
    'Keep the file if its trends matter; the record itself is the chronicle.',
  ),
  E_HISTORY_TAG: never(
    'This tag is not logged.',
    '`rebe history` lists what is; `log: true` in the manifest adds a tag.',
  ),
  E_HISTORY_QUERY: never(
    'A question about the past that cannot be answered.',
    'Give `tag`, and `from` before `to`, in UTC milliseconds.',
  ),
  E_HISTORY_RATE: later('Too many questions about the past at once.', 'Ask again in a second.'),
  E_CHRONICLE_CHAIN: never('The record was altered.', 'Keep the file; compare it with a copy.'),
  E_CHRONICLE_KEY: never(
    'A key to verify with is malformed.',
    'Give the `keys/cell.pub` of the cell: one `<name>+<id>+<base64>` a line.',
  ),
  E_CHRONICLE_FORMAT: never(
    'An entry is not in the form that this version reads.',
    '`rebe verify` says whether it was altered; else use the version that wrote it.',
  ),
  E_CHRONICLE_NEWER: never(
    'The record was written by a newer version, in a format that this one does not know.',
    'Install the newer version again; this one neither reads nor changes the record.',
  ),
  E_REPLAY_DIFFERS: never(
    'Re-execution came to another result than the record.',
    'See the report; keep the chronicle.',
  ),
  E_REPLAY_NOTHING: never(
    'No segment opens in what was asked for, so nothing was re-executed.',
    'Begin earlier: `rebe chronicle tail --kind segment` shows where segments open.',
  ),
  // Backup
  E_BACKUP_DAMAGED: never(
    'A backup is not as it was written.',
    'Use another; nothing was touched. The text names the file in it that is damaged.',
  ),
  E_BACKUP_FORMAT: never(
    'The file is no backup, or none that this version may unpack.',
    'Check the path; else use the version of rebe that made it.',
  ),
  E_CELL_RESTORED: never(
    'The cell runs on what a backup had; what happened after it is not in the record.',
    'See where each part is, and that parameters and counters are right; then `rebe resume`.',
  ),
  E_REPLAY_CANDIDATE: never(
    'The candidate cannot stand in the place of a recorded flow.',
    'Mend what is shown; `rebe check FILE` shows the same of a flow by itself.',
  ),
  E_REPLAY_PARAMETER: never(
    'A parameter for a replay is not one of the flow, or its value is outside its limits.',
    'Write `--param name=value`, or `--param flow.name=value` where several flows have it.',
  ),
  // Shells
  E_SHELL_OFF: never(
    'This cell has no shells of this tier.',
    'Use the console (`rebe shell`); shells are turned on with `shell:` in the manifest.',
  ),
  E_SHELL_UNKNOWN: never(
    'There is no such shell or lock.',
    'List them: `rebe shells`, `rebe lock`.',
  ),
  E_SHELL_STATE: never(
    'The shell is in no state in which this can be done.',
    'Look at its state, and at what it says is lacking.',
  ),
  E_GLASS_NONE: never(
    'No break-glass of this name waits for a review.',
    'List what waits: `rebe break-glass`.',
  ),
  E_GLASS_OWN: never(
    'Whoever worked at the PC’s own console does not review it.',
    'Let somebody else do it who is signed in by name and may approve shells.',
  ),
  E_SHELL_PART: never(
    'This is not for your part in the shell.',
    'Only its driver types; only who supervises it pauses and resumes; nobody supervises themselves.',
  ),
  E_SHELL_INPUT: later(
    'The shell did not run: what was typed went nowhere.',
    'Wait until it runs again, and type it again if it is still meant.',
  ),
  E_SHELL_LOCKED: later(
    'Somebody or something is locked out of shells.',
    'Read the message of the lock; who supervises can take it away: `rebe unlock`.',
  ),
  E_SHELL_STORE: later(
    'What is kept of shells and locks cannot be read or written; nobody may have a shell.',
    'Look at the disk and at station.db in the data directory.',
  ),
  E_SHELL_LAYER: never(
    'This PC lacks a layer of confinement that the shell must have.',
    'Install or allow what is named; docs/confinement.md tells how. `rebe shell layers` lists them.',
  ),
  E_SHELL_JAIL: later(
    'The jail of a shell could not be made.',
    'Look at the disk and at what station may do; nothing was started.',
  ),
  E_SHELL_FREEZE: later(
    'The processes of a shell did not stand still in time.',
    'End the shell: a kill needs no pause.',
  ),
  E_SHELL_SURVIVOR: never(
    'Processes of a shell are left after its end.',
    'End those that are named at the PC, or start it again; the chronicle has this.',
  ),
  E_SHELL_LATE: later(
    'A step of a shell took longer than it may; the shell ends, and what was late is left behind.',
    'Look at the disk and the load of the PC; `rebe shell layers` tries the jail anew.',
  ),
  E_SHELL_FULL: later('There are as many shells or seats as there may be.', 'End one first.'),
  E_SHELL_TICKET: never(
    'The ticket was used already, is too old, or is of somebody else or of another shell.',
    'Ask for another; a ticket is good once, for 30 s, for who asked for it.',
  ),
  E_SHELL_ORDER: never(
    'Input or an answer arrived out of its order, so that something before it is missing.',
    'Mend the client; it connects again and goes on from where station says.',
  ),
  E_SHELL_TERMINAL: never(
    'This installation cannot make terminals: a native module is missing.',
    'Install the bundle of this machine, or build the packages here: `npm rebuild node-pty`.',
  ),
  // Recordings
  E_RECORDING_DISK: later(
    'A shell cannot be recorded: the disk is full, or refuses.',
    'Make room, or mend the disk; no shell runs until then. T0 and T1 are not touched.',
  ),
  E_RECORDING_FULL: later(
    'Open shells have recorded as much as recordings may take in all.',
    'End them, or raise `shell.recordings.max` in the manifest.',
  ),
  E_RECORDING_RESERVE: later(
    'The reserve on disk that the end of a recording needs cannot be had.',
    'Make room in the data directory: 64 MiB are kept back for recordings.',
  ),
  E_RECORDING_DAMAGED: never(
    'A part of a recording is not as it was written, or is missing.',
    'Keep it as it is, with the chronicle; `rebe verify` says which part. The rest can be read.',
  ),
  E_RECORDING_NONE: never('There is no such recording.', '`rebe recordings` lists them.'),
  // Simulator
  E_SCENARIO_YAML: never('The scenario is not valid YAML 1.2.', 'Mend the place that is shown.'),
  E_SCENARIO_FIELD: never(
    'A field of the scenario is unknown, missing or of another kind.',
    'Mend the place that is shown; `rebe help test` has an example.',
  ),
  E_SCENARIO_EXPECT: never(
    'A scenario expected something else.',
    'Read the timeline; play it again with the seed that is shown.',
  ),
  E_SCENARIO_NAME: never(
    'A scenario names what the cell does not have.',
    'Use one of the names that are shown.',
  ),
  E_PLANT_YAML: never('The plant file is not valid YAML 1.2.', 'Mend the place that is shown.'),
  E_PLANT_FIELD: never(
    'A field of the plant file is unknown or its value is not allowed.',
    'Mend the place that is shown.',
  ),
  E_PLANT_TERMINAL: never(
    'The plant file places something that cannot stand there.',
    'Mend the place that is shown.',
  ),
  E_SIMULATOR_RUNNING: never(
    'A simulator is running on this data directory already.',
    'Stop it, or use another --data.',
  ),
  E_SIMULATOR_PACKAGE: never(
    'A package that a simulated device needs is not installed, or not for this machine.',
    'Install the optional packages: `npm install --include=optional`.',
  ),
  E_SIMULATOR_PORT: later('No free port was found on loopback.', 'Try again.'),
  E_SIMULATOR_FAULT: never('No such device or fault.', 'See `rebe help fault`.'),
  E_SIMULATOR_GONE: later('No simulator answers here.', 'Start it with `rebe simulate`.'),
} as const satisfies Readonly<Record<string, Meaning>>;

export type Code = keyof typeof codes;

/** An operating error: the world failed, we did not. The owner of the resource handles it. */
export class CellError extends Error {
  override readonly name = 'CellError';
  readonly code: Code;
  readonly retry: 'never' | 'later';

  constructor(code: Code, text: string, options: { cause?: unknown } = {}) {
    super(text, options);
    this.code = code;
    this.retry = codes[code].retry;
  }
}

/** What is wrong with one thing that was asked for; the rest goes on. */
export interface Issue {
  readonly code: Code;
  readonly subject: string;
  readonly text: string;
}

/** An invariant is broken: we are wrong. Nobody catches it; the process goes to its safe state and ends. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Asserts in production too. */
export function assert(condition: boolean, text: string): asserts condition {
  if (!condition) throw new InvariantError(text);
}

/** A value that an invariant says is there. */
export function present<T>(value: T | undefined | null, text: string): T {
  if (value === undefined || value === null) throw new InvariantError(text);
  return value;
}
