import { renderUnicodeCompact } from 'uqr';

export interface BannerFacts {
  name: string;
  version: string;
  boxId: string;
  addresses: readonly string[];
  data: string;
  model: string;
  /** Link of a pairing window, or undefined when none was opened. */
  link: string | undefined;
  seconds: number;
  /** How `jingu` is called from where the person stands. */
  command: string;
  /** Settings that were refused: the box runs in recovery mode. */
  problems: readonly string[];
}

/** What `npm start` ends in: where the box is, who it is, how to pair, what to type next. */
export function banner(facts: BannerFacts, isTerminal: boolean): string {
  const lines = [
    '',
    `  ${facts.name} ${facts.version} is ready`,
    '',
    ...facts.addresses.map((address, i) => `  ${i === 0 ? 'Open   ' : '       '} https://${address}`),
    `  Box     ${facts.boxId}`,
    `  Data    ${facts.data}`,
    `  Model   ${facts.model}`,
    '',
  ];
  if (facts.problems.length > 0) {
    lines.push('  RECOVERY MODE: a setting was refused. Reading works, nothing can be changed until it is mended:');
    lines.push(...facts.problems.map((problem) => `    ${problem}`), '  Stop: Ctrl-C', '');
    return lines.join('\n');
  }
  if (facts.link) {
    lines.push(`  Pair a phone within ${facts.seconds} s: scan this, or open the link on the device.`, '');
    if (isTerminal)
      lines.push(
        ...renderUnicodeCompact(facts.link, { border: 1 })
          .split('\n')
          .map((row) => `  ${row}`),
        '',
      );
    lines.push(
      `  ${facts.link}`,
      '',
      `  Then compare six digits and confirm:  ${facts.command} pair confirm`,
      `  A new code at any time:               ${facts.command} pair`,
    );
  }
  lines.push(
    `  Hand it a task:                       ${facts.command} task submit "..." --workspace <name> --wait`,
    `  Stop: Ctrl-C`,
    '',
  );
  return lines.join('\n');
}
