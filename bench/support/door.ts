import { LiveBox } from '../../test/support/live-box.ts';
import { pairDevice } from '../../test/support/paired.ts';
import { type Figure, figure, percentile } from './figure.ts';

export const PROBE = new URL('daemon-with-probe.ts', import.meta.url).pathname;
const WARM_UP = 300;
const ROUNDS = 3_000;

/** A read that does nothing, as a paired device, through the door of a running box: validation, standing, policy. */
export async function measureDoor(): Promise<Figure[]> {
  await using box = await LiveBox.start({ main: PROBE });
  const { deviceId } = await pairDevice(box);
  const rounds = WARM_UP + ROUNDS;
  const times = await box.run<{ door: number[]; handler: number[] }>('probe.door', { deviceId, rounds });
  const door = times.door.slice(WARM_UP);
  const handler = times.handler.slice(WARM_UP);
  return [
    figure({
      name: 'door overhead without disk, p50',
      unit: 'ms',
      value: percentile(door, 0.5) - percentile(handler, 0.5),
      below: 0.3,
      note: `p99 ${(percentile(door, 0.99) - percentile(handler, 0.99)).toFixed(3)}, ${ROUNDS} reads against the bare handler`,
    }),
  ];
}
