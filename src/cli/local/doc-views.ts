import { ask, type Context } from '../context.ts';
import { showPaged } from '../pager.ts';
import { type BlameAnswer, renderBlame } from '../render/doc-blame.ts';
import { type DiffAnswer, renderDocDiff } from '../render/doc-diff.ts';
import { type LogAnswer, type Names, renderDocLog } from '../render/doc-log.ts';
import { renderDocStatus, type StatusAnswer } from '../render/doc-status.ts';

type View = (context: Context, input: Record<string, unknown>) => Promise<string>;

/** How people see what programs get as JSON: the operations whose answers are read rather than looked up. */
const VIEWS: Record<string, View> = {
  'doc.log': async (context, input) => {
    const answer = await ask<LogAnswer>(context, 'doc.log', { group: true, ...input });
    const isTask = input['path'] === undefined;
    return renderDocLog(answer, context.terminal, context.locale, await namesOf(context), isTask);
  },
  'doc.diff': async (context, input) =>
    renderDocDiff(await ask<DiffAnswer>(context, 'doc.diff', input), context.terminal, context.locale),
  'doc.status': async (context, input) =>
    renderDocStatus(await ask<StatusAnswer>(context, 'doc.status', input), context.terminal, context.locale),
  'doc.blame': async (context, input) => {
    const answer = await ask<BlameAnswer>(context, 'doc.blame', input);
    const texts = await textsOf(context, String(input['path']), answer);
    return renderBlame(answer, texts, context.terminal, context.locale, await namesOf(context));
  },
};

/** Shows the answer of a reading operation in its own form; false if it has none. */
export async function showView(context: Context, id: string, input: Record<string, unknown>): Promise<boolean> {
  const view = VIEWS[id];
  if (!view) return false;
  await showPaged(await view(context, input), context.terminal);
  return true;
}

/** A list of people is for those who may see it; without it ids are shown. */
async function namesOf(context: Context): Promise<Names> {
  try {
    const { people } = await ask<{ people: { id: string; name: string }[] }>(context, 'person.list');
    return new Map(people.map(({ id, name }) => [id, name]));
  } catch {
    context.signal.throwIfAborted();
    return new Map();
  }
}

async function textsOf(context: Context, path: string, { lines }: BlameAnswer): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  const last = lines.at(-1)?.line ?? 0;
  for (let from = lines[0]?.line ?? 1; from <= last; ) {
    const page = await ask<{ lines: { n: number; text: string }[] }>(context, 'doc.read', { path, from, to: last });
    for (const { n, text } of page.lines) texts.set(n, text);
    const end = page.lines.at(-1)?.n;
    if (end === undefined) break;
    from = end + 1;
  }
  return texts;
}
