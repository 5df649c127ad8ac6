// A serial device that is asked, against the contract suite. What only serial has stands in serial-*.test.ts.
import { describeDriver } from './describe-driver.ts';
import { stationRig } from './rig-serial.ts';

describeDriver('serial', stationRig);
