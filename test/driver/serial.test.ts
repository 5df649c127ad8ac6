// Serial devices that are asked, against the contract suite. What only serial has stands in serial-*.test.ts.
import { describeDriver } from './describe-driver.ts';
import { gaugeRig, stationRig } from './rig-serial.ts';

describeDriver('serial', stationRig);
describeDriver('serial, fixed frames without outputs,', gaugeRig, { outputs: false });
