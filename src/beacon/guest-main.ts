import { serveGuest } from '../guest/index.ts';
import { Announcer } from './announcer.ts';
import type { BeaconPlan } from './plan.ts';

let announcer: Announcer | undefined;

const server = serveGuest({
  onStart(plan) {
    announcer = new Announcer(plan as BeaconPlan, (status) => server.notify('status', status));
    announcer.start();
  },
  onDrain: () => announcer?.stop(),
  methods: { status: () => announcer?.status },
});
