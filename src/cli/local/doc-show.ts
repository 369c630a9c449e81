import { ask, type Context } from '../context.ts';
import { showPaged } from '../pager.ts';
import { plain } from '../render/value.ts';

interface Page {
  path: string;
  version: number;
  lines: { n: number; text: string }[];
  total: number;
}

/**
 * A whole document at a version, as `git show` shows a file. On a terminal as text that cannot drive it; into a pipe
 * or a file as the exact bytes.
 */
export async function showDocument(context: Context, input: Record<string, unknown>): Promise<void> {
  const { terminal, box, signal, globals } = context;
  if (!terminal.isHuman && !globals.json) {
    const { url } = await ask<{ url: string }>(context, 'doc.export', { ...input, form: 'file' });
    await box.download(url, process.stdout, signal);
    return;
  }
  const lines: Page['lines'] = [];
  let page: Page | undefined;
  let at: unknown = input['at'];
  do {
    page = await ask<Page>(context, 'doc.read', {
      ...input,
      ...(at === undefined ? {} : { at }),
      from: lines.length + 1,
    });
    // All pages are of one version, whatever is written meanwhile.
    at = `v${page.version}`;
    lines.push(...page.lines);
  } while (page.lines.length > 0 && lines.length < page.total);
  if (!terminal.isHuman) return terminal.data('doc.show', { ...page, lines });
  const columns = String(lines.length).length;
  const title = terminal.style('bold', `${plain(page.path)}  v${page.version}`);
  const body = lines.map(({ n, text }) => `${terminal.style('dim', String(n).padStart(columns))}  ${plain(text)}`);
  await showPaged([title, ...body].join('\n'), terminal);
}
