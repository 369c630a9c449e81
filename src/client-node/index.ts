export { holdingClock } from './clock.ts';
export { DeviceFolder } from './device-folder.ts';
export { type NodeTransportOptions, nodeTransport } from './node-transport.ts';
export { type OpenFolderOptions, openFolder, type PairFolderOptions, pairFolder } from './paired.ts';
