import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fail, isJinguError, type Reader } from '../common/index.ts';
import type { AuditLog } from './audit-log.ts';
import { exportPages } from './export.ts';
import type { ExportResult } from './schemas.ts';
import { ExportVerifier, type Report } from './verify.ts';

/** What fits into one answer of the API. */
const TEXT_BYTES = 700_000;

export interface ExportRange {
  from?: number | undefined;
  to?: number | undefined;
}

/** Signs what is not covered yet, then names the records asked for. Throws AUDIT_RANGE. */
async function rangeOf(audit: AuditLog, range: ExportRange): Promise<{ from: number; to: number }> {
  const size = await audit.checkpoint().then(
    (head) => head.size,
    (error: unknown) => {
      // A log that was tampered with is exported and checked as it is: it is the evidence.
      if (isJinguError(error) && error.code === 'AUDIT_BROKEN') return audit.size();
      throw error;
    },
  );
  const from = range.from ?? 1;
  const to = range.to ?? size;
  if (from > to || to > size) throw fail('AUDIT_RANGE', { reason: `${from} to ${to}, the log has ${size}` });
  return { from, to };
}

/** As many records from `from` on as fit into one answer; `next` is where the following part begins, null at the end. */
export async function exportText(db: Reader, audit: AuditLog, range: ExportRange): Promise<ExportResult> {
  const { from, to } = await rangeOf(audit, range);
  let text = '';
  let last = from - 1;
  for (const page of exportPages(db, audit.origin, from, to)) {
    for (const line of page) {
      if (last >= from && line.startsWith('{"event"')) {
        if (text.length + line.length > TEXT_BYTES) {
          return textResult(`${text}{"end":{"to":${last}}}\n`, from, last, last + 1);
        }
      }
      text += `${line}\n`;
      if (line.startsWith('{"event"')) last++;
    }
  }
  return textResult(text, from, to, null);
}

function textResult(text: string, from: number, to: number, next: number | null): ExportResult {
  const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
  return { from, to, bytes: Buffer.byteLength(text), sha256, text, next };
}

/** The whole range as a file in `directory`, complete or absent. Other work goes on between the pages. */
export async function exportFile(
  db: Reader,
  audit: AuditLog,
  directory: string,
  range: ExportRange,
  signal: AbortSignal,
): Promise<ExportResult> {
  const { from, to } = await rangeOf(audit, range);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, `audit-${from}-${to}.ndjson`);
  const temporary = `${path}.part`;
  const digest = createHash('sha256');
  let bytes = 0;
  const file = await open(temporary, 'w', 0o600);
  try {
    for (const page of exportPages(db, audit.origin, from, to)) {
      signal.throwIfAborted();
      const chunk = Buffer.from(`${page.join('\n')}\n`, 'utf8');
      digest.update(chunk);
      bytes += chunk.length;
      await file.write(chunk);
    }
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close();
    await rm(temporary, { force: true });
    throw error;
  }
  return { from, to, bytes, sha256: digest.digest('hex'), path, next: null };
}

/** Runs the offline verifier over the live log, and holds its root against the stored tree. */
export async function verifyLive(
  db: Reader,
  audit: AuditLog,
  witnessed: readonly string[],
  signal: AbortSignal,
): Promise<Report> {
  const { from, to } = await rangeOf(audit, {});
  const verifier = new ExportVerifier([], witnessed);
  for (const page of exportPages(db, audit.origin, from, to)) {
    signal.throwIfAborted();
    for (const line of page) verifier.line(line);
    await setImmediate();
  }
  const report = verifier.end();
  if (report.verdict === 'broken' || storedRoot(audit, to) === report.root) return report;
  const problems = [{ seq: to, what: 'the stored tree gives another root than the records' }];
  return { ...report, problems, verdict: 'broken', firstBad: to };
}

function storedRoot(audit: AuditLog, size: number): string | null {
  try {
    return audit.root(size);
  } catch (error) {
    if (isJinguError(error) && error.code === 'AUDIT_BROKEN') return null;
    throw error;
  }
}
