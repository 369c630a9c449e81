#!/usr/bin/env node
// jingu-verify: checks an exported audit log on any machine with Node 22 or newer. Copy it with verify.ts and verify-format.ts.
// Exit: 0 intact, 1 broken, 2 wrong usage, 3 intact but incomplete. The report is one JSON object on stdout.
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { ExportVerifier } from './verify.ts';

const USAGE =
  'usage: verify-main <export.ndjson | -> [--key <verifier key>]... [--checkpoint <file with a witnessed note>]...\n';

async function main(): Promise<number> {
  let input: NodeJS.ReadableStream;
  let verifier: ExportVerifier;
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { key: { type: 'string', multiple: true }, checkpoint: { type: 'string', multiple: true } },
    });
    const [path, ...rest] = positionals;
    if (path === undefined || rest.length > 0) throw new TypeError('name one export');
    const notes = (values.checkpoint ?? []).map((file) => readFileSync(file, 'utf8'));
    verifier = new ExportVerifier(values.key, notes);
    input = path === '-' ? process.stdin : createReadStream(path);
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) verifier.line(line);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    return 2;
  }
  const report = verifier.end();
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  return { intact: 0, broken: 1, incomplete: 3 }[report.verdict];
}

process.exitCode = await main();
