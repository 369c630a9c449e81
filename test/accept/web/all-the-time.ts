/** What held all the time, on every page of this acceptance. */
import { contentSecurityPolicy } from '../../../src/protocol/index.ts';
import type { WebRig } from './rig.ts';

export async function allTheTime(rig: WebRig): Promise<void> {
  const { box, check, phones } = rig;
  await check('nobody but the box was asked for anything', () =>
    phones.every(({ hosts }) => [...hosts].every((host) => host === box.address)),
  );
  await check('the page policy was never violated, and no script failed', () => {
    // A socket that cannot be opened while the box is away is the one thing that a browser reports as an error.
    const faults = phones
      .flatMap((one) => one.faults)
      .filter((text) => !/WebSocket connection to|ERR_CONNECTION_REFUSED/.test(text));
    for (const fault of faults) console.log(`     ${fault}`);
    return faults.length === 0;
  });
  await check('the policy that was sent is the pinned one', async () => {
    const policy = await phones[0]!.page.request.get(`https://${box.address}/`, { ignoreHTTPSErrors: true });
    return policy.headers()['content-security-policy'] === contentSecurityPolicy(box.address);
  });
}
