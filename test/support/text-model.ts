/**
 * What edits mean, told a second time and apart from the code under test: a text is a list of lines that have an
 * identity. Nothing here knows of offsets, splices, maps or diffs, and nothing is imported from the project.
 */

export interface ModelLine {
  body: Buffer;
  end: '' | '\n' | '\r\n';
}
export type ModelText = readonly ModelLine[];

export type ModelVerb =
  | { kind: 'set'; from: number; to: number; text: string[] }
  | { kind: 'cut'; from: number; to: number }
  | { kind: 'put'; side: '>' | '<'; line: number; text: string[] }
  | { kind: 'move'; from: number; to: number; side: '>' | '<'; line: number }
  | { kind: 'sub'; line: number; find: string; replace: string }
  | { kind: 'chars'; line: number; first: number; last: number; text: string };

export function readModel(bytes: Buffer): ModelLine[] {
  const out: ModelLine[] = [];
  for (let at = 0; at < bytes.length; ) {
    const newline = bytes.indexOf(10, at);
    const stop = newline < 0 ? bytes.length : newline;
    const isCrlf = newline > at && bytes[newline - 1] === 13;
    const end = newline < 0 ? '' : isCrlf ? '\r\n' : '\n';
    out.push({ body: bytes.subarray(at, isCrlf ? stop - 1 : stop), end });
    at = newline < 0 ? bytes.length : newline + 1;
  }
  return out;
}

export function writeModel(text: ModelText): Buffer {
  return Buffer.concat(text.flatMap((line) => [line.body, Buffer.from(line.end)]));
}

export const sameLine = (a: ModelLine, b: ModelLine): boolean => a.end === b.end && a.body.equals(b.body);

/** The lines (counted from 1) that a verb holds on to: they must still be there for it to land. */
export function targetsOf(verb: ModelVerb): [from: number, to: number][] {
  if (verb.kind === 'set' || verb.kind === 'cut') return [[verb.from, verb.to]];
  if (verb.kind === 'put') return verb.line === 0 ? [] : [[verb.line, verb.line]];
  if (verb.kind !== 'move') return [[verb.line, verb.line]];
  return [[verb.from, verb.to], ...(verb.line === 0 ? [] : [[verb.line, verb.line] as [number, number]])];
}

/** Line end for new text beside line n: its own, else that of the line before it, else that of the first line. */
function endBeside(base: ModelText, n: number): '\n' | '\r\n' {
  for (const i of [n, n - 1, 1]) {
    const end = base[i - 1]?.end;
    if (end) return end;
  }
  return '\n';
}

/** One verb, carried out on `head`, where `at` tells the index of a line of the base (counted from 1) there. */
export function applyVerb(
  base: ModelText,
  head: ModelText,
  verb: ModelVerb,
  at: (line: number) => number,
): ModelLine[] {
  switch (verb.kind) {
    case 'cut':
      return head.toSpliced(at(verb.from), verb.to - verb.from + 1);
    case 'set': {
      const old = base.slice(verb.from - 1, verb.to);
      const near = old.find((line) => line.end !== '')?.end ?? endBeside(base, verb.from);
      const last = verb.text.length - 1;
      const fresh = verb.text.map((text, i): ModelLine => {
        const end = i === last ? old.at(-1)!.end : old[i]?.end || near;
        return { body: Buffer.from(text), end };
      });
      return head.toSpliced(at(verb.from), old.length, ...fresh);
    }
    case 'put':
      return putInto(
        base,
        head,
        verb,
        verb.text.map((text) => Buffer.from(text)),
        at,
      );
    case 'move': {
      const block = base.slice(verb.from - 1, verb.to);
      const end = block.at(-1)!.end || endBeside(base, 1);
      const isEnd = verb.side === '>' && verb.line === base.length;
      const isOpen = isEnd && base.at(-1)!.end === '';
      const moved = block.map(
        (line, i): ModelLine => ({ ...line, end: i < block.length - 1 ? line.end : isOpen ? '' : end }),
      );
      const without = new Set(block.map((_, i) => head[at(verb.from) + i]));
      const place = verb.line === 0 ? 0 : isEnd ? head.length : at(verb.line) + (verb.side === '>' ? 1 : 0);
      const before = head.slice(0, place).filter((line) => !without.has(line));
      const after = head.slice(place).filter((line) => !without.has(line));
      if (isOpen) before[before.length - 1] = { ...before.at(-1)!, end };
      return [...before, ...moved, ...after];
    }
    case 'sub': {
      const line = base[verb.line - 1]!;
      const where = line.body.indexOf(verb.find);
      const rest = line.body.subarray(where + Buffer.byteLength(verb.find));
      const body = Buffer.concat([line.body.subarray(0, where), Buffer.from(verb.replace), rest]);
      return head.toSpliced(at(verb.line), 1, { body, end: line.end });
    }
    case 'chars': {
      const line = head[at(verb.line)]!;
      const chars = [...line.body.toString('utf8')];
      const body = [...chars.slice(0, verb.first - 1), verb.text, ...chars.slice(verb.last)].join('');
      return head.toSpliced(at(verb.line), 1, { body: Buffer.from(body), end: line.end });
    }
  }
}

function putInto(
  base: ModelText,
  head: ModelText,
  verb: { side: '>' | '<'; line: number },
  bodies: Buffer[],
  at: (line: number) => number,
): ModelLine[] {
  const { side, line } = verb;
  // New lines take the end of the line above them; at the top, of the first line.
  const above = side === '>' ? line : line - 1;
  const end = endBeside(base, Math.max(1, above));
  const fresh = bodies.map((body): ModelLine => ({ body, end }));
  if (line === 0) return [...fresh, ...head];
  if (side === '<') return head.toSpliced(at(line), 0, ...fresh);
  // At the end of a text later additions follow earlier ones; elsewhere a line stays with the one it was put after.
  if (line < base.length) return head.toSpliced(at(line) + 1, 0, ...fresh);
  if (base.at(-1)!.end !== '') return [...head, ...fresh];
  const open = at(line);
  const closed = { ...head[open]!, end };
  return [
    ...head.slice(0, open),
    closed,
    ...fresh.slice(0, -1),
    { ...fresh.at(-1)!, end: '' },
    ...head.slice(open + 1),
  ];
}
