export { Beacon, type BeaconOptions } from './beacon.ts';
export type { BeaconPlan, BeaconState, BeaconStatus } from './plan.ts';
