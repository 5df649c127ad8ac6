// The blueprint against the contract suite: what is copied from it is right.
import { describeDriver } from './describe-driver.ts';
import { blueprintRig } from './rig-blueprint.ts';

describeDriver('blueprint', blueprintRig, {
  patience: { timeout: '10s' },
});
