import { constants } from 'node:os';
import { ABSENT, type CallNumbers, JUDGED, LAST_KNOWN, REFUSED } from './call-numbers.ts';

/** Offsets in what the kernel shows of a call (`struct seccomp_data`, linux/seccomp.h); arguments by their lower half. */
const CALL = 0;
const MACHINE = 4;
const ARGUMENTS = [16, 24] as const;

/** Operations of classic BPF (linux/bpf_common.h). */
const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_FROM = 0x35;
const IF_ANY_BIT = 0x45;
const ANSWER = 0x06;

/** Answers (linux/seccomp.h). */
const KILL = 0x8000_0000;
const ALLOW = 0x7fff_0000;
const REFUSE = 0x0005_0000 | constants.errno.EPERM;
const NOT_THERE = 0x0005_0000 | constants.errno.ENOSYS;

/** `AUDIT_ARCH_X86_64` and `AUDIT_ARCH_AARCH64` (linux/audit.h), and which column of the table is theirs. */
const MACHINES: Readonly<Record<string, { word: number; column: 0 | 1 }>> = {
  x64: { word: 0xc000_003e, column: 0 },
  arm64: { word: 0xc000_00b7, column: 1 },
};

/** Both put keys into a terminal that somebody else types in (asm-generic/ioctls.h, linux/tiocl.h). */
const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

/** Flags of clone(2): a thread of this process, and each of the new namespaces. */
const THREAD = 0x0001_0000;
const NEW_NAMESPACE = 0x7e02_0000;

/** One instruction: operation, how many to leave out if it holds and if not, and its operand (`struct sock_filter`). */
type Instruction = readonly [operation: number, yes: number, no: number, operand: number];

/**
 * What the kernel asks at every system call of a jailed guest, as a program for bubblewrap's `--seccomp`. `undefined`
 * for a machine that it is not written for. Calls in the numbers of another machine kill: only an attack makes them.
 */
export function callFilter(arch: string): Buffer | undefined {
  const machine = MACHINES[arch];
  if (!machine) return undefined;
  const { word, column } = machine;
  const numbers = (calls: Readonly<Record<string, CallNumbers>>): number[] =>
    Object.values(calls).flatMap((call) => call[column] ?? []);
  return encoded([
    [LOAD, 0, 0, MACHINE],
    [IF_EQUAL, 1, 0, word],
    [ANSWER, 0, 0, KILL],
    [LOAD, 0, 0, CALL],
    // Later calls, and on x86 those of its third set of numbers (x32), which begin far above.
    [IF_FROM, 0, 1, LAST_KNOWN + 1],
    [ANSWER, 0, 0, NOT_THERE],
    [IF_EQUAL, 0, 5, JUDGED.ioctl[column]],
    [LOAD, 0, 0, ARGUMENTS[1]],
    [IF_EQUAL, 1, 0, TIOCSTI],
    [IF_EQUAL, 0, 1, TIOCLINUX],
    [ANSWER, 0, 0, REFUSE],
    [ANSWER, 0, 0, ALLOW],
    [IF_EQUAL, 0, 5, JUDGED.clone[column]],
    [LOAD, 0, 0, ARGUMENTS[0]],
    [IF_ANY_BIT, 1, 0, NEW_NAMESPACE],
    [IF_ANY_BIT, 1, 0, THREAD],
    [ANSWER, 0, 0, REFUSE],
    [ANSWER, 0, 0, ALLOW],
    ...numbers(ABSENT).flatMap((call) => answered(call, NOT_THERE)),
    ...numbers(REFUSED).flatMap((call) => answered(call, REFUSE)),
    [ANSWER, 0, 0, ALLOW],
  ]);
}

function answered(call: number, answer: number): Instruction[] {
  return [
    [IF_EQUAL, 0, 1, call],
    [ANSWER, 0, 0, answer],
  ];
}

/** Both machines are little-endian. */
function encoded(program: readonly Instruction[]): Buffer {
  const out = Buffer.alloc(program.length * 8);
  for (const [i, [operation, yes, no, operand]] of program.entries()) {
    out.writeUInt16LE(operation, i * 8);
    out.writeUInt8(yes, i * 8 + 2);
    out.writeUInt8(no, i * 8 + 3);
    out.writeUInt32LE(operand, i * 8 + 4);
  }
  return out;
}
