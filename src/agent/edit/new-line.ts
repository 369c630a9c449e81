import type { Group } from './groups.ts';
import type { Place } from './place.ts';
import type { ModelPort } from './ports.ts';
import { ADD_PROMPT, FIELDS_PROMPT, readStrings, stringsSchema } from './prompts.ts';
import { csvCell, csvDelimiter } from './rewrite.ts';

export interface NewLineInput {
  model: ModelPort;
  instruction: string;
  group: Group;
  signal: AbortSignal;
}

/** The bodies (without marker) that the instruction could mean for a new member of the group, each from another way. */
export async function newBodies(input: NewLineInput): Promise<string[]> {
  const { candidate } = input.group.members[0]!;
  const ways = candidate.cells
    ? [byPosition(input), await byColumns(input), await likeSiblings(input)]
    : [asTyped(input.instruction) ?? asPhrase(input.instruction), await likeSiblings(input)];
  return ways.filter((body): body is string => body !== undefined && body.trim() !== '' && !/[\r\n]/.test(body));
}

/** What stands after the colon, or in quotes: the person has written the line already. */
export function asTyped(instruction: string): string | undefined {
  const quoted = /[“"「『]([^”"」』]{2,})[”"」』]/.exec(instruction)?.[1];
  if (quoted) return quoted.trim();
  // A colon inside a time, an address or a ratio opens nothing.
  const after = /[::](?!\d|\/\/)\s*(\S.*)$/s.exec(instruction)?.[1];
  return after?.trim();
}

/** "Add oranges to the list", "在名单里加上何静": the thing between the verb and the place. */
export function asPhrase(instruction: string): string | undefined {
  const text = instruction.trim().replace(/[.。!!]$/, '');
  const english = /\b(?:add|insert|append|include|put)\s+(.+?)\s+(?:to|into|as|in|under|among)\s+\S.*$/i.exec(
    text,
  )?.[1];
  const chinese =
    /^(?:请)?[在给](?:.+?)(?:里面|里|中|内|下面|下)?(?:再)?(?:加上|加入|添加|增加|新增|加)(?:一[行条项个名])?\s*([^::]+)$/.exec(
      text,
    )?.[1] ?? /^(?:请)?把(.+?)(?:加到|加入|添加到|加进)/.exec(text)?.[1];
  return (english ?? chinese)?.trim();
}

/** "Scanner, owner Tom, room 2.10, 260 EUR" in a table of four columns: one piece a column, in order. */
function byPosition({ instruction, group }: NewLineInput): string | undefined {
  const cells = group.members[0]!.candidate.cells!;
  const typed = asTyped(instruction);
  if (!typed) return undefined;
  const pieces = typed
    .replace(/[.。]$/, '')
    .split(/\s*[,,、;;]\s*/)
    .map((p) => p.trim());
  if (pieces.length !== cells.length) return undefined;
  return rowOf(
    group,
    pieces.map((piece, i) => withoutColumn(piece, cells[i]!.column)),
  );
}

/** "owner Tom Fischer" in the column `Owner` is "Tom Fischer". */
function withoutColumn(piece: string, column: string): string {
  const lead = piece.slice(0, column.length).toLowerCase() === column.toLowerCase() && column !== '';
  return lead ? piece.slice(column.length).replace(/^[\s::是为]+/, '') || piece : piece;
}

async function byColumns({ model, instruction, group, signal }: NewLineInput): Promise<string | undefined> {
  const cells = group.members[0]!.candidate.cells!;
  const names = cells.map((c, i) =>
    c.column === '' || cells.findIndex((d) => d.column === c.column) < i ? `column${i + 1}` : c.column,
  );
  const example = group.members.at(-1)!.candidate.cells!;
  const shown = JSON.stringify(Object.fromEntries(names.map((name, i) => [name, example[i]!.value])));
  const { text } = await model.complete(
    {
      messages: [
        { role: 'system', content: FIELDS_PROMPT },
        { role: 'user', content: `Row: ${shown}\nInstruction: ${instruction}` },
      ],
      grammar: {
        kind: 'json',
        schema: stringsSchema(Object.fromEntries(names.map((name) => [name, 'text' as const]))),
      },
      maxTokens: 60 + names.length * 30,
      prefixKey: 'edit-fields',
    },
    { signal },
  );
  const values = readStrings(text, names);
  return (
    values &&
    rowOf(
      group,
      names.map((name) => values[name]!.trim()),
    )
  );
}

async function likeSiblings({ model, instruction, group, signal }: NewLineInput): Promise<string | undefined> {
  const siblings = group.members.slice(-3).map((m) => m.candidate.body);
  const { text } = await model.complete(
    {
      messages: [
        { role: 'system', content: ADD_PROMPT },
        { role: 'user', content: `Lines:\n${siblings.join('\n')}\nInstruction: ${instruction}` },
      ],
      grammar: { kind: 'json', schema: stringsSchema({ new: 'text' }) },
      maxTokens: 200,
      prefixKey: 'edit-add',
    },
    { signal },
  );
  const body = readStrings(text, ['new'])?.new.trim() ?? '';
  return body !== '' && fitsShape(group.members.at(-1)!, body) ? body : undefined;
}

function fitsShape(sibling: Place, body: string): boolean {
  const { candidate, structure } = sibling;
  if (!candidate.cells) return body !== '';
  if (structure.format === 'csv') return cellCount(body, csvDelimiter(structure)) === candidate.cells.length;
  return (body.match(/(?<!\\)\|/g) ?? []).length === candidate.cells.length + 1;
}

function cellCount(text: string, delimiter: string): number {
  return text.replaceAll(/"(?:[^"]|"")*"/g, '').split(delimiter).length;
}

function rowOf(group: Group, values: readonly string[]): string {
  const { structure } = group.members[0]!;
  if (structure.format !== 'csv') return `| ${values.map((v) => v.replaceAll('|', '\\|')).join(' | ')} |`;
  const delimiter = csvDelimiter(structure);
  return values.map((v) => csvCell(v, delimiter, false)).join(delimiter);
}
