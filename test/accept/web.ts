/**
 * The page in a real Chromium against the real daemon: pairing by the printed link, a task on a scripted model, a
 * question and an approval answered with a tap, undo, history with restore, files added, a lost and a revoked
 * connection. Beside it: the page policy holds, nobody but the box is asked, nothing scrolls sideways at 360 pixels,
 * targets fit a finger.
 */
import { chromiumPath } from '../support/browser.ts';
import { adding } from './web/adding.ts';
import { allTheTime } from './web/all-the-time.ts';
import { approvals } from './web/approvals.ts';
import { desk } from './web/desk.ts';
import { documents } from './web/documents.ts';
import { pairing } from './web/pairing.ts';
import { webRig } from './web/rig.ts';
import { tasks } from './web/tasks.ts';

if (!chromiumPath()) {
  console.log('UNAVAILABLE web: there is no /usr/bin/chromium on this machine (Debian: apt-get install chromium)');
  process.exit(77);
}
await using rig = await webRig();
// Each goes on where the one before it left the page and the share.
const paired = await pairing(rig);
await tasks(rig, paired);
await approvals(rig, paired);
await documents(rig, paired);
await adding(rig, paired);
await desk(rig, paired);
await allTheTime(rig);
process.exitCode = rig.checks.end();
