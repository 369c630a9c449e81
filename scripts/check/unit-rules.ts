interface Unit {
  name: string;
  /** Every value of a directive, in order; a directive may be repeated. */
  get(directive: string): string[];
}

export function parseUnit(name: string, text: string): Unit {
  const directives = new Map<string, string[]>();
  for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
    const [, key, value] = /^([A-Za-z0-9]+)=(.*)$/.exec(line) ?? [];
    if (key === undefined) continue;
    directives.set(key, [...(directives.get(key) ?? []), value!.trim()]);
  }
  return { name, get: (directive) => directives.get(directive) ?? [] };
}

/** What a hardened unit must not do to a Node process. Each was measured: it breaks at run time, not in `verify`. */
const RULES: { why: string; broken: (unit: Unit) => boolean }[] = [
  {
    why: 'MemoryDenyWriteExecute kills V8 when it makes its first isolate',
    broken: (unit) => unit.get('MemoryDenyWriteExecute').some(isYes),
  },
  {
    why: 'SystemCallFilter without SystemCallErrorNumber kills the process instead of saying no',
    broken: (unit) => unit.get('SystemCallFilter').length > 0 && unit.get('SystemCallErrorNumber').length === 0,
  },
  {
    why: 'AF_INET without AF_NETLINK makes os.networkInterfaces() throw',
    broken: (unit) => {
      const families = unit.get('RestrictAddressFamilies').join(' ');
      return /\bAF_INET\b/.test(families) && !/\bAF_NETLINK\b/.test(families);
    },
  },
  {
    why: 'ProcSubset=pid hides the processors and the memory of the machine',
    broken: (unit) => unit.get('ProcSubset').includes('pid'),
  },
  {
    why: 'without HOME os.homedir() throws and the engine cannot be imported',
    broken: (unit) => !unit.get('Environment').some((line) => /(^|\s|")HOME=/.test(line)),
  },
  {
    why: 'a service needs a limit on its memory',
    broken: (unit) => unit.get('MemoryMax').length === 0,
  },
  {
    why: 'NoNewPrivileges=yes and an empty CapabilityBoundingSet= are the least',
    broken: (unit) => !unit.get('NoNewPrivileges').some(isYes) || !unit.get('CapabilityBoundingSet').includes(''),
  },
];

/** One sentence for each rule a service unit breaks. */
export function unitFaults(name: string, text: string): string[] {
  const unit = parseUnit(name, text);
  return RULES.filter((rule) => rule.broken(unit)).map((rule) => `${name}: ${rule.why}`);
}

const isYes = (value: string): boolean => /^(yes|true|1|on)$/i.test(value);
