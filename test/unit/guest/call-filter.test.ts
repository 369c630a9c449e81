import { describe, expect, it, test } from 'vitest';
import { callFilter } from '../../../src/guest/call-filter.ts';
import { ABSENT, JUDGED, REFUSED } from '../../../src/guest/call-numbers.ts';
import { lacks } from '../../support/needs.ts';
import { headerNumbers } from './caller.ts';

const noCompiler = await lacks('C compiler');
const WORDS = { x64: 0xc000003e, arm64: 0xc00000b7, i386: 0x40000003, arm: 0x40000028 };
const MACHINES = ['x64', 'arm64'] as const;
const ALL = { ...REFUSED, ...ABSENT, ...JUDGED };

interface Call {
  number: number;
  word: number;
  arguments?: readonly number[];
}

/** What the kernel shows of a call: `struct seccomp_data`. */
function shown({ number, word, arguments: given = [] }: Call): Buffer {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(word, 4);
  for (const [i, value] of given.entries()) data.writeBigUInt64LE(BigInt(value), 16 + i * 8);
  return data;
}

/** The kernel's machine for classic BPF, as much of it as filters may use (net/core/filter.c). */
function answerOf(program: Buffer, call: Call): string {
  const data = shown(call);
  let held = 0;
  for (let at = 0; at < program.length / 8; at++) {
    const operation = program.readUInt16LE(at * 8);
    const operand = program.readUInt32LE(at * 8 + 4);
    const leap = (holds: boolean): void => {
      at += program.readUInt8(at * 8 + (holds ? 2 : 3));
    };
    if (operation === 0x20) held = data.readUInt32LE(operand);
    else if (operation === 0x15) leap(held === operand);
    else if (operation === 0x35) leap(held >= operand);
    else if (operation === 0x45) leap((held & operand) !== 0);
    else if (operation === 0x06) return named(operand);
    else throw new Error(`the kernel would refuse operation ${operation}`);
  }
  throw new Error('it ends without an answer');
}

function named(answer: number): string {
  const known: Record<number, string> = { 2147418112: 'allow', 2147483648: 'kill', 327681: 'EPERM', 327718: 'ENOSYS' };
  return known[answer] ?? answer.toString(16);
}

describe.each(MACHINES)('the filter for %s', (machine) => {
  const program = callFilter(machine)!;
  const column = MACHINES.indexOf(machine);
  const word = WORDS[machine];
  const ask = (number: number, ...given: number[]) => answerOf(program, { number, word, arguments: given });
  const numberOf = (name: keyof typeof ALL) => ALL[name]![column]!;

  it('is one that the kernel takes: whole instructions, no leap over its end, an answer last', () => {
    expect(program.length % 8).toBe(0);
    const count = program.length / 8;
    expect(count).toBeLessThanOrEqual(4096);
    for (let at = 0; at < count; at++) {
      if (program.readUInt16LE(at * 8) === 0x06) continue;
      expect(at + 1 + Math.max(program[at * 8 + 2]!, program[at * 8 + 3]!)).toBeLessThan(count);
    }
    expect(program.readUInt16LE(program.length - 8)).toBe(0x06);
  });

  it('refuses what is in the table, and nothing else', () => {
    const refused = new Set(Object.values(REFUSED).map((call) => call[column]));
    const absent = new Set(Object.values(ABSENT).map((call) => call[column]));
    for (let number = 0; number < 600; number++) {
      // Threads; neither of the two keys.
      const answer = ask(number, 0x3d0f00, 0);
      const expected = refused.has(number) ? 'EPERM' : absent.has(number) || number > 462 ? 'ENOSYS' : 'allow';
      expect([number, answer]).toEqual([number, expected]);
    }
    expect(ask(0xffffffff)).toBe('ENOSYS');
  });

  it('lets threads be made, but neither processes nor namespaces', () => {
    expect(ask(numberOf('clone'), 0x3d0f00)).toBe('allow');
    for (const flags of [17, 0, 0x4111, 0x1200011]) expect(ask(numberOf('clone'), flags)).toBe('EPERM');
    for (const flag of [0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000]) {
      expect(ask(numberOf('clone'), 0x3d0f00 | flag)).toBe('EPERM');
      expect(ask(numberOf('clone'), flag)).toBe('EPERM');
    }
  });

  it('lets nobody type into a terminal, whatever the upper half says, which the kernel does not look at', () => {
    expect(ask(numberOf('ioctl'), 0, 0x5412)).toBe('EPERM');
    expect(ask(numberOf('ioctl'), 0, 2 ** 32 + 0x5412)).toBe('EPERM');
    expect(ask(numberOf('ioctl'), 0, 0x541c)).toBe('EPERM');
    expect(ask(numberOf('ioctl'), 0x5412, 0x5413)).toBe('allow');
  });

  it('kills who calls in the numbers of another machine', () => {
    for (const other of Object.values(WORDS)) {
      const answer = answerOf(program, { number: 100, word: other });
      expect(answer).toBe(other === word ? 'allow' : 'kill');
    }
  });
});

it('knows the calls by which a machine is known', () => {
  const x64 = (number: number) => answerOf(callFilter('x64')!, { number, word: WORDS.x64 });
  // ptrace, socket, fork, mount, bpf; mmap, mprotect, futex, execve, read. The numbers of x32 begin at 2 ** 30.
  for (const number of [101, 41, 57, 165, 321]) expect(x64(number)).toBe('EPERM');
  for (const number of [9, 10, 202, 59, 0]) expect(x64(number)).toBe('allow');
  for (const number of [2 ** 30, 2 ** 30 + 59, 2 ** 30 + 101, 512, 547]) expect(x64(number)).toBe('ENOSYS');
  const arm64 = (number: number) => answerOf(callFilter('arm64')!, { number, word: WORDS.arm64 });
  for (const number of [117, 198, 40, 280]) expect(arm64(number)).toBe('EPERM');
  for (const number of [222, 226, 98, 221, 63]) expect(arm64(number)).toBe('allow');
  expect(callFilter('riscv64')).toBeUndefined();
});

test.skipIf(noCompiler)('the numbers are those of the kernel', () => {
  const check = (header: string, column: 0 | 1): void => {
    const headers = headerNumbers(header);
    const known = Object.entries(ALL).filter(([name]) => headers.has(name));
    for (const [name, call] of known) expect.soft([name, call[column]]).toEqual([name, headers.get(name)]);
    expect(known.length).toBeGreaterThan(70);
  };
  check('asm-generic/unistd.h', 1);
  if (process.arch === 'x64') check('asm/unistd_64.h', 0);
});
