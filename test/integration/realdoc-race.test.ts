import { describe, expect, it } from 'vitest';
import { race } from '../support/share-race.ts';

/** Hundreds of saves by four programs of their own, at random moments; `npm run accept -- realdoc-saves` makes thousands. */
describe('programs that save while the box writes', () => {
  it.each(['own', 'none'] as const)('lose nothing, with %s calls of the kernel', async (kernel) => {
    const { lost, problems, leftovers, different, saves, edits } = await race({
      saves: 6,
      documents: 4,
      pauseMs: 120,
      seed: 7,
      kernel,
    });
    expect({ lost, problems, leftovers, different }).toEqual({ lost: [], problems: [], leftovers: [], different: [] });
    expect(saves).toBe(96);
    expect(edits).toBeGreaterThan(0);
  });
});
