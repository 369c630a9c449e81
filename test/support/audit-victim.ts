// A process that has made an intent durable and is then killed before the effect: node audit-victim.ts <dir> <key.pem>
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { systemClock } from '../../src/common/index.ts';
import { auditRig, signerOf } from './audit-rig.ts';

const [directory = '', pem = ''] = process.argv.slice(2);
const rig = await auditRig(systemClock, { directory, key: signerOf(createPrivateKey(readFileSync(pem, 'utf8'))) });
await rig.fill(20);
await rig.store.write((tx) =>
  rig.audit.append(tx, { type: 'intent', actor: null, body: { callId: 'call_victim', operation: 'mail.send' } }),
);
process.stdout.write('intent is durable\n');
setInterval(() => {}, 60_000);
