import { LineCounter, type OutlineEntry } from '../ask.ts';
import { printPointer } from '../pointer.ts';
import { checkJson, skipSpace } from './check.ts';
import { skipValue, walkMembers } from './walk.ts';

const MAX_TITLE = 200;

/** Members down to `depth` levels with their lines and pointers; nothing for text that is no JSON. */
export function outlineOfJson(b: Buffer, depth = 2, max = 20_000): OutlineEntry[] {
  const out: OutlineEntry[] = [];
  if (checkJson(b, 0, b.length, true)) return out;
  const lines = new LineCounter(b);
  const walk = (open: number, path: (string | number)[]): void => {
    let index = 0;
    walkMembers(
      b,
      open,
      (value) => skipValue(b, value),
      ({ from, key, value, to }) => {
        const step = key ?? index++;
        if (out.length >= max) return;
        const steps = [...path, step];
        const line = lines.at(from);
        // Elements that share a line with their neighbours are no landmarks.
        const isLandmark = key !== undefined || out.at(-1)?.line !== line;
        if (isLandmark)
          out.push({
            line,
            level: steps.length,
            title: String(step).slice(0, MAX_TITLE),
            to: lines.at(to),
            address: printPointer(steps),
          });
        if (steps.length < depth && (b[value] === 123 || b[value] === 91)) walk(value, steps);
      },
    );
  };
  const bom = b[0] === 0xef && b[1] === 0xbb && b[2] === 0xbf ? 3 : 0;
  const root = skipSpace(b, bom);
  if (b[root] === 123 || b[root] === 91) walk(root, []);
  return out;
}
