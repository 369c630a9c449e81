import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../common/index.ts';

/** A host that the box may dial, and what for. `*.example.com` covers the names below it. */
export interface EgressRule {
  host: string;
  purposes: readonly string[];
}

/** The organisation's policy: data, never code. */
export interface Bundle {
  orgId: string;
  version: number;
  /** Cedar policies by id. The id appears in records and answers. */
  policies: Readonly<Record<string, string>>;
  egress: readonly EgressRule[];
  /** Wall milliseconds; outside of them only reading, undoing and exporting go on. */
  notBefore?: number;
  expires?: number;
}

const FOLDER = join(import.meta.dirname, 'default-bundle');
const MAX_POLICIES = 500;
const MAX_TEXT = 16_384;

/** What the facts of a rule are called; fixed by the release, since the box fills them in. */
export function organisationSchema(): string {
  return readFileSync(join(FOLDER, 'organisation.cedarschema'), 'utf8');
}

/** The bundle that is in force until an organisation installs its own. */
export function defaultBundle(): Bundle {
  const { orgId, version, egress } = JSON.parse(readFileSync(join(FOLDER, 'bundle.json'), 'utf8')) as Bundle;
  const folder = join(FOLDER, 'policies');
  const policies: Record<string, string> = {};
  for (const file of readdirSync(folder).sort()) {
    policies[file.replace(/\.cedar$/, '')] = readFileSync(join(folder, file), 'utf8');
  }
  return { orgId, version, policies, egress };
}

/** Shape and limits; whether the texts are good Cedar is for the engine. Throws POLICY_BUNDLE_INVALID. */
export function checkBundle(bundle: Bundle): void {
  const entries = Object.entries(bundle.policies);
  if (entries.length === 0 || entries.length > MAX_POLICIES) throw bad(`it has ${entries.length} policies`);
  for (const [id, text] of entries) {
    if (!/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/.test(id)) throw bad(`"${id}" cannot be the id of a policy`);
    if (text.length > MAX_TEXT) throw bad(`${id} is longer than ${MAX_TEXT} characters`);
  }
  for (const { host } of bundle.egress) {
    if (!/^(\*\.)?([a-z0-9-]+\.)+[a-z0-9-]+$/.test(host)) throw bad(`"${host}" is not a host name`);
  }
}

function bad(reason: string) {
  return fail('POLICY_BUNDLE_INVALID', { reason });
}
