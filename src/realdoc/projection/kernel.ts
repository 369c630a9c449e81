import { constants } from 'node:os';

const AT_FDCWD = -100;
const RENAME_EXCHANGE = 2;
const F_SETLEASE = 1024;
const F_SETSIG = 10;
const { F_RDLCK, F_UNLCK } = { F_RDLCK: 0, F_UNLCK: 2 };
const IN_NONBLOCK = 0o4000;
const IN_CLOEXEC = 0o2000000;
const MOST_NAMES = 64 * 1024;
const MOST_VALUE = 64 * 1024;
/** Where two names share a number, the one that Node uses comes last and stays. */
const NAMES = new Map(
  [
    ...Object.entries(constants.errno),
    ...(['EAGAIN', 'ENOTSUP'] as const).map((n) => [n, constants.errno[n]] as const),
  ].map(([name, number]) => [number, name]),
);

/**
 * Calls of the Linux kernel that Node has none for. All of them are short and touch names and attributes, never data,
 * so they are made without giving way. Errors carry the `code` of the file system, as Node's own do.
 */
export interface Kernel {
  /** Swaps two names in one step. Throws EINVAL or ENOSYS where the file system cannot. */
  exchange(a: string, b: string): void;
  /** Extended attributes with ACLs (`system.posix_acl_access`) and Samba's `user.DOSATTRIB`; [] where there are none. */
  attributes(path: string): Map<string, Buffer>;
  setAttribute(path: string, name: string, value: Buffer): void;
  removeAttribute(path: string, name: string): void;
  /** Whether anybody has the file open for writing; `undefined` if that cannot be found out (not ours, a network). */
  hasWriter(fd: number): boolean | undefined;
  /** A queue of file events that never blocks. */
  inotify(): number;
  /** Throws ENOSPC once no more folders can be watched. */
  inotifyAdd(fd: number, path: string, mask: number): number;
  inotifyRemove(fd: number, watch: number): void;
  /** Bytes read, 0 if nothing is waiting. */
  readNow(fd: number, into: Buffer): number;
}

let loading: Promise<Kernel | undefined> | undefined;

/** The kernel's calls, or `undefined` where the library has no build for this machine. Asked once, loaded when first needed. */
export function loadKernel(): Promise<Kernel | undefined> {
  loading ??= load().catch(() => undefined);
  return loading;
}

async function load(): Promise<Kernel | undefined> {
  if (process.platform !== 'linux') return undefined;
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const renameat2 = libc.func('int renameat2(int, const char *, int, const char *, unsigned int)');
  const listxattr = libc.func('int64_t llistxattr(const char *, _Out_ uint8_t *, size_t)');
  const getxattr = libc.func('int64_t lgetxattr(const char *, const char *, _Out_ uint8_t *, size_t)');
  const setxattr = libc.func('int lsetxattr(const char *, const char *, const uint8_t *, size_t, int)');
  const removexattr = libc.func('int lremovexattr(const char *, const char *)');
  const fcntl = libc.func('int fcntl(int, int, ...)');
  const inotifyInit = libc.func('int inotify_init1(int)');
  const inotifyAdd = libc.func('int inotify_add_watch(int, const char *, uint32_t)');
  const inotifyRemove = libc.func('int inotify_rm_watch(int, int)');
  const read = libc.func('int64_t read(int, _Out_ uint8_t *, size_t)');

  const checked = (call: string, result: unknown): number => {
    const number = Number(result);
    if (number >= 0) return number;
    const code = NAMES.get(koffi.errno()) ?? 'EUNKNOWN';
    throw Object.assign(new Error(`${call}: ${code}`), { code });
  };
  return {
    exchange: (a, b) => void checked('renameat2', renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)),
    attributes: (path) => {
      const names = Buffer.alloc(MOST_NAMES);
      const length = checked('llistxattr', listxattr(path, names, names.length));
      const found = new Map<string, Buffer>();
      for (const name of names.toString('utf8', 0, length).split('\0')) {
        if (name === '') continue;
        const value = Buffer.alloc(MOST_VALUE);
        found.set(name, value.subarray(0, checked('lgetxattr', getxattr(path, name, value, value.length))));
      }
      return found;
    },
    setAttribute: (path, name, value) => void checked('lsetxattr', setxattr(path, name, value, value.length, 0)),
    removeAttribute: (path, name) => void checked('lremovexattr', removexattr(path, name)),
    hasWriter: (fd) => {
      // Should somebody open the file between the two calls the kernel sends a signal, of a kind that nothing minds.
      fcntl(fd, F_SETSIG, 'int', constants.signals.SIGURG);
      if (Number(fcntl(fd, F_SETLEASE, 'int', F_RDLCK)) < 0) {
        return NAMES.get(koffi.errno()) === 'EAGAIN' ? true : undefined;
      }
      fcntl(fd, F_SETLEASE, 'int', F_UNLCK);
      return false;
    },
    inotify: () => checked('inotify_init1', inotifyInit(IN_NONBLOCK | IN_CLOEXEC)),
    inotifyAdd: (fd, path, mask) => checked('inotify_add_watch', inotifyAdd(fd, path, mask)),
    inotifyRemove: (fd, watch) => void inotifyRemove(fd, watch),
    readNow: (fd, into) => Math.max(0, Number(read(fd, into, into.length))),
  };
}
