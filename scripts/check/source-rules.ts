interface Rule {
  what: string;
  pattern: RegExp;
  /** Files that may. */
  owner: RegExp;
  why: string;
}

/** What no import shows: globals that belong to one room. */
const RULES: readonly Rule[] = [
  {
    what: 'process.env',
    pattern: /\bprocess\.env\b|\{[^}]*\benv\b[^}]*\}\s*=\s*process\b/,
    owner: /^src\/config\/|-main\.ts$|vite\.config\.ts$/,
    why: 'settings come from config; a guest reads what its supervisor gave it',
  },
  {
    what: 'process.exit',
    pattern: /\bprocess\.(exit|abort|kill)\(/,
    owner: /^src\/(daemon|cli|guest)\/|-main\.ts$/,
    why: 'only the daemon and the command end a process',
  },
  {
    what: 'fetch',
    pattern: /(?<![.\w#])fetch\(|\bglobalThis\.fetch\b/,
    owner: /^src\/(egress|client|client-node|web)\//,
    why: 'nothing dials but egress and the clients',
  },
  {
    what: 'WebSocket',
    pattern: /\bnew WebSocket\(/,
    owner: /^src\/(client|client-node|web)\//,
    why: 'nothing dials but egress and the clients',
  },
];

/** One sentence for each rule a source file breaks. Comments do not count. */
export function sourceFaults(path: string, text: string): string[] {
  const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|[\s;{(])\/\/.*$/gm, '$1');
  return RULES.filter((rule) => !rule.owner.test(path) && rule.pattern.test(code)).map(
    (rule) => `${path} uses ${rule.what}: ${rule.why}`,
  );
}
