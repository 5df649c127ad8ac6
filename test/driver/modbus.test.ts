// Modbus TCP against the contract suite. What only Modbus has stands in modbus-*.test.ts.
import { describeDriver } from './describe-driver.ts';
import { modbusRig } from './rig-modbus.ts';

describeDriver('modbus', modbusRig, {
  patience: { timeout: '10s' },
});
