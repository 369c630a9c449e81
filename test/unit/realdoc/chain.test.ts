import { hash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../src/common/index.ts';
import { versionDigest } from '../../../src/realdoc/history/chain.ts';

type Signed = Parameters<typeof versionDigest>[0];

const words = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('"', '\\', '\u2028', '\u0000'));
const few = fc.constantFrom('one', 'two');
const size = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(-0, 1e21, 0.5, -3));
const maybe = fc.option(words);
const op: fc.Arbitrary<Signed> = fc.record({
  file: words,
  version: size,
  base: size,
  call: words,
  actor: fc.record({
    kind: fc.constantFrom('person' as const, 'agent' as const, 'console' as const),
    surface: fc.constantFrom('ws' as const, 'cli' as const) as fc.Arbitrary<Signed['actor']['surface']>,
    personId: maybe,
    deviceId: maybe,
    agent: fc.oneof(few, fc.constant(null)),
    taskId: maybe,
  }) as fc.Arbitrary<Signed['actor']>,
  task: maybe,
  source: fc.constantFrom('edit', 'import', 'undo'),
  args: fc.oneof(fc.json(), few),
  note: maybe,
  label: fc.record({
    integrity: fc.constantFrom(0, 1, 2, 3),
    confidentiality: fc.constantFrom('public', 'internal', 'secret', 'restricted'),
    restrictedTo: fc.array(words, { maxLength: 3 }),
  }),
  at: size,
  bytes: size,
  newlines: size,
  prev: words,
});

const sha256 = (data: string | Uint8Array): string => hash('sha256', data);

/** As `docs/reference/storage-format.md` says it. */
function described(op: Signed, change: Uint8Array): string {
  const { note, args, ...rest } = op;
  const digests = { note: note === null ? null : sha256(note), args: sha256(args), change: sha256(change) };
  return sha256(canonicalJson({ ...rest, ...digests }));
}

describe('the digest of a version', () => {
  it('is that of the canonical JSON of its members, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(op, { minLength: 1, maxLength: 4 }), fc.uint8Array(), (ops, change) => {
        for (const one of [...ops, ...ops]) expect(versionDigest(one, change)).toBe(described(one, change));
      }),
      { numRuns: 300 },
    );
  });

  it('refuses what canonical JSON refuses', () => {
    const [sound] = fc.sample(op, 1) as [Signed];
    const half = '\ud800';
    for (const wrong of [{ call: half }, { task: half }, { at: Number.NaN }, { bytes: Number.POSITIVE_INFINITY }]) {
      expect(() => versionDigest({ ...sound, ...wrong }, Buffer.of(0))).toThrow(TypeError);
    }
    const actor = { ...sound.actor, personId: half };
    expect(() => versionDigest({ ...sound, actor }, Buffer.of(0))).toThrow(TypeError);
  });
});
