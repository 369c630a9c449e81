import { serveEgress } from './serve-egress.ts';

// systemd.exec(5): set when the unit has a StateDirectory=.
serveEgress({}, process.env['STATE_DIRECTORY']);
