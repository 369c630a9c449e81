import type { Locale } from '../../common/index.ts';
import type { InvokeResult } from '../../protocol/invoke.ts';
import { kebab } from '../globals.ts';
import { shellWord } from '../shell-word.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from './value.ts';

interface Made {
  path: string;
  version: number;
  added: number;
  removed: number;
  /** Only the first changes were counted. */
  isPartial?: true;
  changed: { n: number; text: string }[];
  advisory?: { message: string; line: number };
}

/** Documents of one answer that are shown with their lines; the rest by name. */
const SHOWN_WHOLE = 3;

/** What was written, and the command that takes it back. Undefined for an answer of another shape. */
export function renderWritten(result: InvokeResult, terminal: Terminal, locale: Locale): string | undefined {
  const output = result.output as Partial<Made> & { versions?: Made[]; left?: string[] };
  const made = output.versions ?? [output as Made];
  if (!made.every((one) => Array.isArray(one.changed))) return undefined;
  const lines = made.flatMap((one) => renderMade(one, made.length <= SHOWN_WHOLE, terminal));
  for (const path of output.left ?? []) {
    const why = locale === 'zh' ? '保留:不是此后新建的' : 'left as it is: it lay here before';
    lines.push(terminal.style('dim', `${plain(path)}  ${why}`));
  }
  if (result.undo) lines.push(`${locale === 'zh' ? '撤回' : 'Take it back'}: ${commandOf(result.undo)}`);
  return lines.join('\n');
}

function renderMade(made: Made, isWhole: boolean, terminal: Terminal) {
  const { path, version, added, removed, changed, advisory, isPartial } = made;
  const counts = `${terminal.style('green', `+${added}`)} ${terminal.style('red', `-${removed}`)}${isPartial ? ' …' : ''}`;
  const lines = [`${terminal.style('bold', plain(path))}  v${version}  ${counts}`];
  if (advisory) lines.push(terminal.style('yellow', `  line ${advisory.line}: ${plain(advisory.message)}`));
  if (!isWhole) return lines;
  const columns = String(changed.at(-1)?.n ?? 1).length;
  return [
    ...lines,
    ...changed.map(({ n, text }) => `  ${terminal.style('dim', String(n).padStart(columns))}  ${plain(text)}`),
  ];
}

function commandOf({ operation, input }: NonNullable<InvokeResult['undo']>): string {
  const flags = Object.entries(input).map(([name, value]) => `--${kebab(name)} ${shellWord(value)}`);
  return plain(['jingu', ...operation.split('.').map(kebab), ...flags].join(' '));
}
