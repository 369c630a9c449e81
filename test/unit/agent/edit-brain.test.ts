import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proposeEdit } from '../../../src/agent/edit/brain.ts';
import type { Outcome } from '../../../src/agent/edit/outcome.ts';
import type { DocumentText, ModelPort } from '../../../src/agent/edit/ports.ts';
import { think } from '../../../src/agent/think.ts';
import { sensible, TalkingModel } from '../../support/edit-models.ts';

const signal = new AbortController().signal;
const handbook: DocumentText = {
  path: 'office/handbook.md',
  version: 7,
  lines: [
    '# Handbook',
    '- Lunch break: 45 minutes, at noon',
    '- The review meeting takes place every Tuesday at 14:00',
    '- Parcels are handed in at gate 4',
    '',
    '## Contacts',
    '1. Front desk: extension 100',
    '2. Workshop: extension 210',
  ],
};

function propose(instruction: string, model: ModelPort, document = handbook): Promise<Outcome> {
  return proposeEdit({ model, instruction, documents: [document], signal });
}

describe('a change', () => {
  test('goes in unasked where model, words and values agree', async () => {
    const outcome = await propose('The review meeting moves to Thursday.', sensible('review', 'Tuesday', 'Thursday'));
    expect(outcome).toMatchObject({
      kind: 'apply',
      proposal: {
        path: 'office/handbook.md',
        version: 7,
        edits: [{ kind: 'set', line: 3, text: '- The review meeting takes place every Thursday at 14:00' }],
      },
    });
  });

  test('is asked about, with each place, where two places fit alike', async () => {
    const outcome = await propose('Change the extension to 330', sensible('Front desk', '100', '330'));
    expect(outcome.kind).toBe('ask');
    const options = outcome.kind === 'ask' ? outcome.options.flatMap((o) => o.edits) : [];
    expect(options.map((e) => (e.kind === 'set' ? e.text : ''))).toEqual([
      '1. Front desk: extension 330',
      '2. Workshop: extension 330',
    ]);
  });

  test('a word cut short in the document is the word', async () => {
    const document = { ...handbook, lines: ['# Phones', '- Front desk: ext. 311', '- Workshop: ext. 318'] };
    const outcome = await propose('Change the extension to 330', sensible('Front desk', '311', '330'), document);
    expect(outcome.kind === 'ask' && outcome.options).toHaveLength(2);
  });

  test('is refused, naming the words, where nothing in the document is about it', async () => {
    const outcome = await propose('The swimming pool opens at 07:00.', sensible('Lunch', '45 minutes', '07:00'));
    expect(outcome).toMatchObject({
      kind: 'refuse',
      reason: 'nothing-like-it',
      words: expect.arrayContaining(['pool']),
    });
  });

  test('is asked about where the model picks another line than the words point at', async () => {
    const outcome = await propose('The review meeting moves to Thursday.', sensible('Parcels', 'gate 4', 'Thursday'));
    expect(outcome.kind).not.toBe('apply');
  });

  test('a model that repeats the instruction changes nothing unasked', async () => {
    const echo = new TalkingModel(({ grammar }) => {
      if (grammar?.kind === 'choices') return grammar.choices.find((c) => c.includes('review')) ?? grammar.choices[0]!;
      return JSON.stringify({ old: '', new: 'The review meeting gets another room', replace: '', by: '' });
    });
    expect((await propose('The review meeting gets another room', echo)).kind).not.toBe('apply');
  });

  test('a model that answers nothing changes nothing', async () => {
    const mute = new TalkingModel(() => '');
    expect((await propose('The review meeting moves to Thursday.', mute)).kind).not.toBe('apply');
  });
});

function deleting(line: string): TalkingModel {
  return new TalkingModel(({ grammar }) => {
    const choices = grammar?.kind === 'choices' ? grammar.choices : [];
    return choices.includes('delete') ? 'delete' : (choices.find((c) => c.includes(line)) ?? '');
  });
}

test('one line goes unasked only where words and model point at it alone', async () => {
  const gone = await propose('Delete the line about parcels', deleting('Parcels'));
  expect(gone).toMatchObject({ kind: 'apply', proposal: { edits: [{ kind: 'cut', line: 4 }] } });
  const unsure = await propose('Delete the extension', deleting('Front desk'));
  expect(unsure.kind).toBe('ask');
});

test('a new item takes the marker that follows', async () => {
  const model = new TalkingModel(({ grammar }) => {
    if (grammar?.kind === 'choices')
      return grammar.choices.includes('add') ? 'add' : grammar.choices.find((c) => c.includes('Contacts'))!;
    return JSON.stringify({ new: 'Canteen: extension 330' });
  });
  const outcome = await propose('Add to the contacts: Canteen: extension 330', model);
  expect(outcome).toMatchObject({
    kind: 'apply',
    proposal: { edits: [{ kind: 'put', after: 8, text: '3. Canteen: extension 330' }] },
  });
});

test('a line goes beside the one that the person named', async () => {
  const model = new TalkingModel(({ grammar }) => (grammar?.kind === 'choices' ? 'add' : '{"new":"Badges are worn"}'));
  const outcome = await propose('Add a line after the one about the lunch break: Badges are worn', model);
  const options = outcome.kind === 'ask' ? outcome.options.flatMap((o) => o.edits) : [];
  expect(options).toEqual([{ kind: 'put', after: 2, anchor: handbook.lines[1], text: '- Badges are worn' }]);
});

test('a question is answered from the lines found, and nothing is proposed', async () => {
  const model = new TalkingModel(({ grammar }) =>
    grammar?.kind === 'choices' ? grammar.choices.find((c) => c.includes('Lunch'))! : 'It is 45 minutes.',
  );
  const thought = await think({ instruction: 'How long is the lunch break?', documents: [handbook], model, signal });
  expect(thought).toMatchObject({ kind: 'answer', text: 'It is 45 minutes.' });
  expect(thought.kind === 'answer' && thought.lines[0]).toEqual({ path: 'office/handbook.md', line: 2 });
});

test('whatever a model answers, an unasked edit is of one line, the one that the words point at, and brings the value', async () => {
  const instruction = 'The lunch break is now 60 minutes';
  await fc.assert(
    fc.asyncProperty(
      fc.infiniteStream(fc.nat()),
      fc.infiniteStream(fc.string({ maxLength: 30 })),
      async (picks, words) => {
        const wild = new TalkingModel(({ grammar }) => {
          if (grammar?.kind === 'choices') return grammar.choices[picks.next().value % grammar.choices.length]!;
          const { properties } = grammar!.schema as { properties: Record<string, { const?: string; enum?: string[] }> };
          return JSON.stringify(
            Object.fromEntries(
              Object.entries(properties).map(([name, { const: fixed, enum: open }]) => [
                name,
                fixed ?? open?.[picks.next().value % open.length] ?? `${words.next().value}60`,
              ]),
            ),
          );
        });
        const outcome = await propose(instruction, wild);
        if (outcome.kind !== 'apply') return;
        expect(outcome.proposal.edits).toHaveLength(1);
        expect(outcome.proposal.edits[0]).toMatchObject({ kind: 'set', line: 2 });
        expect(outcome.proposal.edits[0]).toHaveProperty('text', expect.stringContaining('60'));
      },
    ),
    { numRuns: 300 },
  );
});
