import type { Need } from './support/needs.ts';

/** Tests that may be skipped, and only where the machine lacks what they need: `test/support/needs.ts` asks it. */
export interface AllowedSkip {
  file: string;
  /** Beginnings of full names; left out: every test of the file. */
  tests?: readonly string[];
  need: Need;
  reason: string;
}

export const allowedSkips: readonly AllowedSkip[] = [
  {
    file: 'test/integration/bad-days.test.ts',
    tests: ['a box with a disk of its own a full disk', 'a box with a disk of its own a share that became read-only'],
    need: 'mounts',
    reason: 'fills a disk and makes one read-only: both are small file systems that it mounts',
  },
  {
    file: 'test/integration/cli-doc.test.ts',
    tests: ['taking documents out by command git reads'],
    need: 'git',
    reason: 'git itself says what is in the file',
  },
  {
    file: 'test/integration/cli-doc.test.ts',
    tests: ['documents for people'],
    need: 'script',
    reason: 'people are at a terminal, which script of util-linux gives',
  },
  {
    file: 'test/integration/cli-terminal.test.ts',
    need: 'script',
    reason: 'people are at a terminal, which script of util-linux gives',
  },
  {
    file: 'test/integration/realdoc-crash.test.ts',
    need: 'C compiler',
    reason: 'the recorder of what is asked of the disk is a small library in C',
  },
  {
    file: 'test/integration/realdoc-disk.test.ts',
    tests: [
      'bad days of the disk a full share',
      'bad days of the disk a full data disk',
      'bad days of the disk a read-only share',
    ],
    need: 'mounts',
    reason: 'the share is a small file system that it mounts',
  },
  {
    file: 'test/integration/realdoc-disk.test.ts',
    tests: ['bad days of the disk a folder without the right to write'],
    need: 'ordinary user',
    reason: 'nothing is forbidden to root; the read-only share covers the rest',
  },
  {
    file: 'test/integration/realdoc-git.test.ts',
    tests: ['a history as a git bundle'],
    need: 'git',
    reason: 'git itself says what our bundles hold',
  },
  {
    file: 'test/integration/realdoc-office.test.ts',
    need: 'test data',
    reason: 'documents that real programs wrote are not part of this repository',
  },
  {
    file: 'test/integration/realdoc-swap.test.ts',
    tests: ['what lies beside the bytes ACL, attributes and mode'],
    need: 'ACLs',
    reason: 'sets ACLs and attributes, which not every file system has',
  },
  {
    file: 'test/integration/realdoc-watch.test.ts',
    tests: ['a disk that is not mounted'],
    need: 'mounts',
    reason: 'mounts a disk and takes it away',
  },
  {
    file: 'test/unit/audit/merkle.test.ts',
    tests: ['published RFC 6962 vectors'],
    need: 'test data',
    reason: 'the published vectors are not part of this repository; the laws are tried all the same',
  },
  {
    file: 'test/unit/guest/call-filter.test.ts',
    tests: ['the numbers are those of the kernel'],
    need: 'C compiler',
    reason: "the kernel's headers say them, and come with a compiler",
  },
  {
    file: 'test/unit/guest/jail.test.ts',
    need: 'namespaces',
    reason: 'a jail is made of namespaces, which containers often may not make',
  },
  {
    file: 'test/unit/guest/jail.test.ts',
    tests: ['the kernel refuses every call', 'a guest behind the filter'],
    need: 'call filters',
    reason: 'judging system calls needs a bubblewrap and a kernel that know how',
  },
  {
    file: 'test/unit/guest/jail.test.ts',
    tests: ['the kernel refuses every call'],
    need: 'C compiler',
    reason: 'what makes the calls is a small program in C',
  },
  {
    file: 'test/unit/identity/tls.test.ts',
    tests: ['openssl agrees that the authority'],
    need: 'openssl',
    reason: 'a second opinion on our certificates',
  },
  {
    file: 'test/unit/realdoc/office/samples.test.ts',
    need: 'test data',
    reason: 'documents that real programs wrote are not part of this repository',
  },
];
