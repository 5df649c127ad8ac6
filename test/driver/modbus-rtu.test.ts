// Modbus RTU against the contract suite, over a pseudo terminal.
import { describeDriver } from './describe-driver.ts';
import { rtuRig } from './rig-rtu.ts';

describeDriver('modbus rtu', rtuRig, {
  patience: { timeout: '10s' },
});
