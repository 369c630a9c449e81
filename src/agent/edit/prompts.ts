/**
 * What the brain says to the model. Short and append-only, so that the engine keeps the beginning warm: the document
 * stands in the first message, the instruction after it. Examples use things of no customer's document.
 */
export function documentPrompt(shown: readonly string[]): string {
  return (
    'You edit documents. Answer with one JSON object {"old":<one exact line copied from the document>,' +
    '"new":<that line after the change>}. Keep every other word of the line as it is.\n\n' +
    `Document:\n${shown.join('\n')}`
  );
}

export const WORDS_PROMPT = `You change one line of a document. Answer with one JSON object {"replace":<the words of the line that must change>,"by":<the new words>}. Replace as few words as possible.
Example. Line: Opening: 08:00 to 17:00, gate B. Instruction: We open at 09:00. -> {"replace":"08:00","by":"09:00"}
Example. Line: 会议室:二楼,孙磊负责. Instruction: 会议室搬到四楼 -> {"replace":"二楼","by":"四楼"}`;

export const CELL_PROMPT = `You change one cell of a table row. Answer with one JSON object {"replace":<the cell that must change>,"by":<the same cell with its new value>}.
Example. Row: name: Bikes, keeper: Otto, count: 14, place: yard. Instruction: There are 12 bikes left. -> {"replace":"count: 14","by":"count: 12"}
Example. Row: 名称: 雨伞, 保管人: 何静, 价格: 35. Instruction: 雨伞改由马超保管 -> {"replace":"保管人: 何静","by":"保管人: 马超"}`;

export const LINE_PROMPT = `You get one line of a document and an instruction. Answer with one JSON object {"new":<the line after the change>}. Every other word stays as it is.
Line: Opening: 08:00 to 17:00, gate B
Instruction: We open at 09:00.
{"new":"Opening: 09:00 to 17:00, gate B"}

Line: 会议室:二楼,孙磊负责
Instruction: 会议室搬到四楼
{"new":"会议室:四楼,孙磊负责"}`;

export const KIND_PROMPT = `Say what an instruction about a document wants.
change: something in the document gets another value or wording
add: a new line, entry or row is put in
delete: a line, entry or row is taken out
question: nothing is changed, the person wants to know something
Examples.
The canteen opens at 7 now. -> change
把押金提高到 800 元 -> change
Add oranges to the shopping list. -> add
在名单里加上何静 -> add
Drop the item about parking. -> delete
删掉第三条 -> delete
Who keeps the keys? -> question
会议几点开始? -> question`;

/** A JSON string's inside. */
export function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

export const ADD_PROMPT = `You add one line to a list. You see the last lines of the list and an instruction. Answer with one JSON object {"new":<the new line, in the form of the others>}.
Lines:
Otto: 3 bikes, yard
Emma: 2 bikes, cellar
Instruction: Add Paul, who has 1 bike in the yard.
{"new":"Paul: 1 bike, yard"}

Lines:
雨伞|35 元|何静
雨衣|60 元|何静
Instruction: 增加一项:雨鞋,80 元,马超
{"new":"雨鞋|80 元|马超"}`;

export const FIELDS_PROMPT = `You add one row to a table. You see an existing row as JSON and an instruction. Answer with the new row as JSON, with the same keys, using the words of the instruction. A value that the instruction does not give is "".
Example. Row: {"name":"Bikes","keeper":"Otto","count":"14","place":"yard"}
Instruction: Add scooters: 5 of them in the cellar, kept by Emma. -> {"name":"Scooters","keeper":"Emma","count":"5","place":"cellar"}`;

export const PLACE_PROMPT = `A new line is put into a document. You see the parts of the document and an instruction. Answer with the part where the new line belongs.`;

/** A schema of string members, all required, in this order; `fixed` ones can only be what is given. */
export function stringsSchema(
  members: Readonly<Record<string, { fixed: string } | { oneOf: readonly string[] } | 'text'>>,
) {
  const properties = Object.fromEntries(
    Object.entries(members).map(([name, kind]) => [
      name,
      kind === 'text'
        ? { type: 'string' }
        : 'fixed' in kind
          ? { type: 'string', const: kind.fixed }
          : { type: 'string', enum: kind.oneOf },
    ]),
  );
  return { type: 'object', properties, required: Object.keys(members), additionalProperties: false };
}

/** The members of the model's object; `undefined` unless it is one and all of them are strings. */
export function readStrings<N extends string>(text: string, names: readonly N[]): Record<N, string> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    const members = value as Record<N, unknown>;
    return names.every((name) => typeof members[name] === 'string') ? (members as Record<N, string>) : undefined;
  } catch {
    return undefined;
  }
}

export const ANSWER_PROMPT =
  'You answer a question from the given lines of documents, in one or two short sentences, in the language of the ' +
  'question. Use only what the lines say. If they do not say it, answer that the documents do not say it.';
