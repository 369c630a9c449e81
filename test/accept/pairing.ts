/**
 * Pairing and sessions over real sockets: the real daemon, devices that pair by its printed link, and everybody who
 * must not get in. Attackers call from loopback addresses of their own, since ten failures lock an address out.
 */
import { crashes, nothingKept } from './pairing/crashes.ts';
import { honestDevices } from './pairing/honest-devices.ts';
import { between } from './pairing/in-between.ts';
import { guessing, nobodyElse } from './pairing/refused-links.ts';
import { revocation } from './pairing/revocation.ts';
import { pairingRig } from './pairing/rig.ts';
import { sessions } from './pairing/sessions.ts';

const rig = await pairingRig();
try {
  // The link that the box printed at its start is the first one used.
  await honestDevices(rig);
  await nobodyElse(rig);
  await between(rig);
  await guessing(rig);
  await sessions(rig);
  await revocation(rig);
  await crashes(rig);
  await nothingKept(rig);
} finally {
  await rig.box.dispose();
}
process.exitCode = rig.checks.end();
