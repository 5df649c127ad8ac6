// The parts of control, as cell.ts makes them and control.ts uses them.
import type { Chronicle } from '#controller/chronicle/chronicle.ts';
import type { Cell } from '#flows/engine/cell.ts';
import type { Intake } from '#flows/engine/intake.ts';
import type { SystemAlarms } from '#controller/scan/alarms.ts';
import type { BreakGlass } from './break-glass.ts';
import type { LoadedCell } from './config.ts';
import type { Devices } from '#controller/devices/devices.ts';
import type { Door } from '#controller/door/door.ts';
import type { Feed } from '#controller/door/feed.ts';
import type { FlowAlarmTimes } from '#controller/scan/flow-alarm-times.ts';
import type { Loop } from './loop.ts';
import type { MirrorWatch } from '#controller/scan/mirror-watch.ts';
import type { Outputs } from '#controller/devices/outputs.ts';
import type { Recorder } from '#controller/scan/recorder.ts';
import type { RetainedFile } from '#controller/start/retained.ts';
import type { Stops } from '#controller/scan/stops.ts';
import type { SystemTags } from '#controller/scan/system-tags.ts';
import type { Trends } from '#controller/scan/trends.ts';
import type { View } from '#controller/door/view.ts';
import type { Visits } from '#controller/scan/visits.ts';
import type { Withholding } from '#controller/devices/withholding.ts';

/** Everything that control is made of. */
export interface ControlParts {
  readonly loaded: LoadedCell;
  readonly cell: Cell;
  readonly intake: Intake;
  readonly loop: Loop;
  readonly outputs: Outputs;
  readonly devices: Devices;
  readonly door: Door;
  readonly feed: Feed;
  readonly view: View;
  readonly stops: Stops;
  readonly alarms: SystemAlarms;
  readonly breakGlass: BreakGlass;
  readonly flowAlarms: FlowAlarmTimes;
  readonly mirror: MirrorWatch;
  readonly systemTags: SystemTags;
  readonly chronicle: Chronicle;
  readonly recorder: Recorder;
  readonly retained: RetainedFile;
  readonly trends: Trends;
  readonly visits: Visits;
  readonly withholding: Withholding;
  /** Of the generated code. */
  readonly engine: string;
  readonly progress: (now: number) => void;
  readonly ahead: (ahead: boolean) => void;
  readonly failed: (error: unknown) => void;
}
