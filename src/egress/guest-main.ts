import { serveEgress } from './serve-egress.ts';

serveEgress();
