/*
 * LD_PRELOAD library: writes down every call that changes files below one folder, with its data, in the order in which
 * the kernel did them, and makes chosen calls fail. No root, no file system of its own.
 *
 * RECORDER_PREFIX   real path of the folder to watch
 * RECORDER_LOG      where records are appended; several processes may share it
 * RECORDER_CONTROL  a file of eight 64-bit words, mapped: recording, calls so far, first and last+1 call to fail,
 *                    error number, kinds to count, failures given, kind of the last one (see recorder.ts)
 * RECORDER_NOSYNC   any value: what is to be made durable is only written down, which spares the disk
 *
 * One lock, over threads and processes, is held around each call and its record, so that the log has the order of the
 * calls. Mapped memory is not seen: SQLite maps nothing but its `-shm`, which is rebuilt after a crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { CREATE = 1, WRITE, TRUNCATE, FALLOCATE, SYNC_FILE, SYNC_FOLDER, SYNC_RANGE, RENAME, EXCHANGE, LINK, UNLINK, MKDIR, RMDIR };

struct head {
  uint32_t total, kind;
  int32_t error;
  uint32_t path, other, data;
  uint64_t inode;
  int64_t offset;
};

static char prefix[PATH_MAX];
static size_t prefix_length;
static int log_file = -1, spares_disk;
static volatile uint64_t *control;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *next(const char *name) {
  void *found = dlsym(RTLD_NEXT, name);
  if (!found) abort();
  return found;
}

/* The library's own way to the kernel, which is not seen. Set before the first use: other constructors may come first. */
typedef long call_type(long, ...);
static call_type *past(void) {
  static call_type *found;
  if (!found) found = (call_type *)next("syscall");
  return found;
}
#define kernel(...) (past()(__VA_ARGS__))

__attribute__((constructor)) static void begin(void) {
  const char *folder = getenv("RECORDER_PREFIX"), *log = getenv("RECORDER_LOG"), *page = getenv("RECORDER_CONTROL");
  if (!folder || !log) return;
  snprintf(prefix, sizeof prefix, "%s", folder);
  int opened = (int)kernel(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  /* High up, so that nobody who counts on low numbers notices. */
  log_file = opened < 0 ? -1 : fcntl(opened, F_DUPFD_CLOEXEC, 500);
  if (opened >= 0) close(opened);
  if (page) {
    int file = (int)kernel(SYS_openat, AT_FDCWD, page, O_RDWR | O_CLOEXEC, 0);
    void *at = file < 0 ? MAP_FAILED : mmap(NULL, 64, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (at != MAP_FAILED) control = at;
    if (file >= 0) close(file);
  }
  if (log_file >= 0) prefix_length = strlen(prefix);
  spares_disk = getenv("RECORDER_NOSYNC") != NULL;
}

static void enter(void) { pthread_mutex_lock(&lock); flock(log_file, LOCK_EX); }
static void leave(void) { int kept = errno; flock(log_file, LOCK_UN); pthread_mutex_unlock(&lock); errno = kept; }

static int is_inside(const char *path) {
  return prefix_length > 0 && strncmp(path, prefix, prefix_length) == 0 && (path[prefix_length] == '/' || path[prefix_length] == 0);
}

static int is_on(void) { return !control || control[0]; }

/* The name as it is in its real folder, whatever led there: links, "..", /proc/self/fd/N. The last part is not followed. */
static int name_of(int at, const char *path, char out[PATH_MAX]) {
  char full[PATH_MAX * 2], folder[PATH_MAX * 2];
  if (prefix_length == 0 || !path || !is_on()) return 0;
  if (path[0] == '/' || at == AT_FDCWD) snprintf(full, sizeof full, "%s", path);
  else snprintf(full, sizeof full, "/proc/self/fd/%d/%s", at, path);
  size_t length = strlen(full);
  while (length > 1 && full[length - 1] == '/') full[--length] = 0;
  char *slash = strrchr(full, '/');
  const char *name = slash ? slash + 1 : full;
  if (!slash) snprintf(folder, sizeof folder, ".");
  else if (slash == full) snprintf(folder, sizeof folder, "/");
  else { *slash = 0; snprintf(folder, sizeof folder, "%s", full); }
  char real[PATH_MAX];
  int kept = errno;
  if (!realpath(folder, real)) { errno = kept; return 0; }
  errno = kept;
  if (snprintf(out, PATH_MAX, "%s/%s", strcmp(real, "/") ? real : "", name) >= PATH_MAX) return 0;
  return is_inside(out);
}

static int inside_of(int file, struct stat *stat, char out[PATH_MAX]) {
  char link[64];
  if (prefix_length == 0) return 0;
  int kept = errno;
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, out, PATH_MAX - 1);
  int ok = length > 0 && (out[length] = 0, is_inside(out)) && fstat(file, stat) == 0;
  errno = kept;
  return ok;
}

static int file_of(int file, struct stat *stat, char out[PATH_MAX]) { return is_on() && inside_of(file, stat, out); }

static void put(uint32_t kind, int error, const char *path, const char *other, uint64_t inode, int64_t offset,
                const struct iovec *parts, int count, size_t bytes) {
  int kept = errno;
  struct iovec all[1100];
  struct head head = { 0, kind, error, (uint32_t)strlen(path), other ? (uint32_t)strlen(other) : 0, (uint32_t)bytes, inode, offset };
  head.total = (uint32_t)(sizeof head + head.path + head.other + bytes);
  int n = 0;
  all[n++] = (struct iovec){ &head, sizeof head };
  all[n++] = (struct iovec){ (void *)path, head.path };
  if (other) all[n++] = (struct iovec){ (void *)other, head.other };
  size_t rest = bytes;
  for (int i = 0; i < count && rest > 0; i++) {
    size_t take = parts[i].iov_len < rest ? parts[i].iov_len : rest;
    all[n++] = (struct iovec){ parts[i].iov_base, take };
    rest -= take;
  }
  if (kernel(SYS_writev, log_file, all, n) != (long)head.total) {
    static const char said[] = "recorder: the log could not be written\n";
    kernel(SYS_write, 2, said, sizeof said - 1);
    abort();
  }
  errno = kept;
}

/* Whether this call is to fail; counts it. What people were told is noted whatever becomes of the disk. */
static int refused(enum kind kind, const char *name) {
  if (!control || !(control[5] >> kind & 1) || strcmp(name + prefix_length, "/ACK") == 0) return 0;
  uint64_t call = ++control[1];
  if (call < control[2] || call >= control[3]) return 0;
  control[6]++;
  control[7] = kind;
  errno = (int)control[4];
  return 1;
}

static uint64_t inode_at(const char *path) {
  struct stat stat;
  int kept = errno, ok = lstat(path, &stat) == 0;
  errno = kept;
  return ok ? stat.st_ino : 0;
}

/* Opening. */
static int open_any(int at, const char *path, int flags, mode_t mode) {
  char name[PATH_MAX];
  int makes = (flags & O_CREAT) != 0, cuts = (flags & O_TRUNC) != 0;
  int nameless = (flags & O_TMPFILE) == O_TMPFILE;
  if (!(makes || cuts || nameless) || !name_of(at, path, name))
    return (int)kernel(SYS_openat, at, path, flags | O_LARGEFILE, mode);
  enter();
  if (nameless) {
    struct stat made;
    int file = refused(CREATE, name) ? -1 : (int)kernel(SYS_openat, at, path, flags | O_LARGEFILE, mode);
    if (file >= 0 && fstat(file, &made) == 0) put(CREATE, 0, "", NULL, made.st_ino, 0, NULL, 0, 0);
    leave();
    return file;
  }
  struct stat before;
  int kept = errno, was = lstat(name, &before) == 0;
  errno = kept;
  int file = -1;
  if (!(!was && makes && refused(CREATE, name)) && !(was && cuts && before.st_size > 0 && refused(TRUNCATE, name)))
    file = (int)kernel(SYS_openat, at, path, flags | O_LARGEFILE, mode);
  struct stat now;
  if (file >= 0 && fstat(file, &now) == 0) {
    if (!was) put(CREATE, 0, name, NULL, now.st_ino, 0, NULL, 0, 0);
    else if (cuts && S_ISREG(before.st_mode) && before.st_size > 0) put(TRUNCATE, 0, name, NULL, now.st_ino, 0, NULL, 0, 0);
  }
  leave();
  return file;
}

static mode_t mode_of(int flags, va_list list) {
  return (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(list, mode_t) : 0;
}
#define OPEN(name)                                                                     \
  int name(const char *path, int flags, ...) {                                         \
    va_list list; va_start(list, flags); mode_t mode = mode_of(flags, list); va_end(list); \
    return open_any(AT_FDCWD, path, flags, mode);                                      \
  }
#define OPENAT(name)                                                                   \
  int name(int at, const char *path, int flags, ...) {                                 \
    va_list list; va_start(list, flags); mode_t mode = mode_of(flags, list); va_end(list); \
    return open_any(at, path, flags, mode);                                            \
  }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)
int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return creat(path, mode); }

/* Writing. `offset` -1: where the file stands. */
static ssize_t write_any(int file, const struct iovec *parts, int count, off_t offset, int flags) {
  char name[PATH_MAX];
  struct stat stat;
  int seen = file_of(file, &stat, name) && S_ISREG(stat.st_mode);
  ssize_t done = -1;
  if (seen) enter();
  if (!(seen && refused(WRITE, name))) {
    if (offset < 0 && flags == 0) done = kernel(SYS_writev, file, parts, count);
    else done = kernel(SYS_pwritev2, file, parts, count, (long)offset, (long)((uint64_t)offset >> 32), flags);
  }
  if (seen) {
    if (done > 0) put(WRITE, 0, name, NULL, stat.st_ino, offset < 0 ? lseek(file, 0, SEEK_CUR) - done : offset, parts, count, (size_t)done);
    leave();
  }
  return done;
}
static ssize_t write_one(int file, const void *data, size_t bytes, off_t offset) {
  struct iovec part = { (void *)data, bytes };
  return write_any(file, &part, 1, offset, 0);
}
ssize_t write(int file, const void *data, size_t bytes) { return write_one(file, data, bytes, -1); }
ssize_t pwrite(int file, const void *data, size_t bytes, off_t at) { return write_one(file, data, bytes, at); }
ssize_t pwrite64(int file, const void *data, size_t bytes, off64_t at) { return write_one(file, data, bytes, at); }
ssize_t writev(int file, const struct iovec *parts, int count) { return write_any(file, parts, count, -1, 0); }
ssize_t pwritev(int file, const struct iovec *parts, int count, off_t at) { return write_any(file, parts, count, at, 0); }
ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t at) { return write_any(file, parts, count, at, 0); }
ssize_t pwritev2(int file, const struct iovec *parts, int count, off_t at, int flags) { return write_any(file, parts, count, at, flags); }
ssize_t pwritev64v2(int file, const struct iovec *parts, int count, off64_t at, int flags) { return write_any(file, parts, count, at, flags); }

/* Copies inside the kernel: what arrived is read back. */
static void put_copied(int file, off_t at, ssize_t bytes) {
  char name[PATH_MAX], *data = malloc((size_t)bytes);
  struct stat stat;
  if (data && file_of(file, &stat, name)) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    int reader = (int)kernel(SYS_openat, AT_FDCWD, link, O_RDONLY | O_CLOEXEC, 0);
    ssize_t got = reader < 0 ? -1 : pread(reader, data, (size_t)bytes, at);
    if (reader >= 0) close(reader);
    if (got == bytes) put(WRITE, 0, name, NULL, stat.st_ino, at, &(struct iovec){ data, (size_t)bytes }, 1, (size_t)bytes);
  }
  free(data);
}
static ssize_t copy_any(int in, off64_t *from, int out, off64_t *to, size_t bytes, unsigned flags, int sends) {
  char name[PATH_MAX];
  struct stat stat;
  int seen = file_of(out, &stat, name) && S_ISREG(stat.st_mode);
  ssize_t done = -1;
  if (seen) enter();
  if (!(seen && refused(WRITE, name)))
    done = sends ? kernel(SYS_sendfile, out, in, from, bytes) : kernel(SYS_copy_file_range, in, from, out, to, bytes, flags);
  if (seen) {
    if (done > 0) put_copied(out, (to ? *to : lseek(out, 0, SEEK_CUR)) - done, done);
    leave();
  }
  return done;
}
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t bytes, unsigned flags) { return copy_any(in, from, out, to, bytes, flags, 0); }
ssize_t sendfile(int out, int in, off_t *from, size_t bytes) { return copy_any(in, from, out, NULL, bytes, 0, 1); }
ssize_t sendfile64(int out, int in, off64_t *from, size_t bytes) { return copy_any(in, from, out, NULL, bytes, 0, 1); }

/* Lengths. */
static int truncate_any(int file, off_t bytes) {
  char name[PATH_MAX];
  struct stat stat;
  int seen = file_of(file, &stat, name), result = -1;
  if (seen) enter();
  if (!(seen && refused(TRUNCATE, name))) result = (int)kernel(SYS_ftruncate, file, bytes);
  if (seen) { if (result == 0) put(TRUNCATE, 0, name, NULL, stat.st_ino, bytes, NULL, 0, 0); leave(); }
  return result;
}
int ftruncate(int file, off_t bytes) { return truncate_any(file, bytes); }
int ftruncate64(int file, off64_t bytes) { return truncate_any(file, bytes); }
static int truncate_path(const char *path, off_t bytes) {
  int file = (int)kernel(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
  if (file < 0) return -1;
  int result = truncate_any(file, bytes), kept = errno;
  close(file);
  errno = kept;
  return result;
}
int truncate(const char *path, off_t bytes) { return truncate_path(path, bytes); }
int truncate64(const char *path, off64_t bytes) { return truncate_path(path, bytes); }
static int allocate_any(int file, int mode, off_t at, off_t bytes) {
  char name[PATH_MAX];
  struct stat stat;
  int seen = file_of(file, &stat, name), result = -1;
  if (seen) enter();
  if (!(seen && refused(FALLOCATE, name))) result = (int)kernel(SYS_fallocate, file, mode, at, bytes);
  if (seen) { if (result == 0 && mode == 0) put(FALLOCATE, 0, name, NULL, stat.st_ino, at + bytes, NULL, 0, 0); leave(); }
  return result;
}
int fallocate(int file, int mode, off_t at, off_t bytes) { return allocate_any(file, mode, at, bytes); }
int fallocate64(int file, int mode, off64_t at, off64_t bytes) { return allocate_any(file, mode, at, bytes); }
int posix_fallocate(int file, off_t at, off_t bytes) { return allocate_any(file, 0, at, bytes) == 0 ? 0 : errno; }
int posix_fallocate64(int file, off64_t at, off64_t bytes) { return allocate_any(file, 0, at, bytes) == 0 ? 0 : errno; }

/* Making durable. A failed one is written down too: what was waiting then is lost, and the kernel will not say so again. */
static int sync_any(int file, long call) {
  char name[PATH_MAX];
  struct stat stat;
  int is_ours = inside_of(file, &stat, name), seen = is_ours && is_on(), result = -1;
  if (seen) enter();
  enum kind kind = seen && S_ISDIR(stat.st_mode) ? SYNC_FOLDER : SYNC_FILE;
  if (!(seen && refused(kind, name))) result = is_ours && spares_disk ? 0 : (int)kernel(call, file);
  if (seen) { put(kind, result == 0 ? 0 : errno, name, NULL, stat.st_ino, 0, NULL, 0, 0); leave(); }
  return result;
}
int fsync(int file) { return sync_any(file, SYS_fsync); }
int fdatasync(int file) { return sync_any(file, SYS_fdatasync); }
int sync_file_range(int file, off64_t at, off64_t bytes, unsigned flags) {
  char name[PATH_MAX];
  struct stat stat;
  /* It promises nothing about the disk's cache or the length, so it makes nothing durable here. */
  if (file_of(file, &stat, name)) { enter(); put(SYNC_RANGE, 0, name, NULL, stat.st_ino, at, NULL, 0, 0); leave(); }
  return (int)kernel(SYS_sync_file_range, file, at, bytes, flags);
}

/* Names. */
static int rename_any(int from_at, const char *from, int to_at, const char *to, unsigned flags) {
  char a[PATH_MAX], b[PATH_MAX];
  int inside = name_of(to_at, to, b) + 2 * name_of(from_at, from, a), result = -1;
  if (inside) enter();
  uint64_t inode = inside & 2 ? inode_at(a) : 0;
  if (!(inside && refused(RENAME, inside & 1 ? b : a))) result = (int)kernel(SYS_renameat2, from_at, from, to_at, to, flags);
  if (inside) {
    if (result == 0) put(flags & RENAME_EXCHANGE ? EXCHANGE : RENAME, inside == 3 ? 0 : EXDEV, a, b, inode, 0, NULL, 0, 0);
    leave();
  }
  return result;
}
int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return rename_any(a, from, b, to, 0); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) { return rename_any(a, from, b, to, flags); }

static int link_any(int from_at, const char *from, int to_at, const char *to, int flags) {
  char b[PATH_MAX];
  int seen = name_of(to_at, to, b), result = -1;
  if (seen) enter();
  if (!(seen && refused(LINK, b))) result = (int)kernel(SYS_linkat, from_at, from, to_at, to, flags);
  if (seen) { if (result == 0) put(LINK, 0, "", b, inode_at(b), 0, NULL, 0, 0); leave(); }
  return result;
}
int link(const char *from, const char *to) { return link_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int a, const char *from, int b, const char *to, int flags) { return link_any(a, from, b, to, flags); }

static int name_call(enum kind kind, int at, const char *path, mode_t mode) {
  char name[PATH_MAX];
  int seen = name_of(at, path, name), result = -1;
  if (seen) enter();
  /* Making a folder that is there asks nothing of the disk. */
  int asks = seen && !(kind == MKDIR && inode_at(name));
  if (!(asks && refused(kind, name)))
    result = kind == MKDIR ? (int)kernel(SYS_mkdirat, at, path, mode) : (int)kernel(SYS_unlinkat, at, path, kind == RMDIR ? AT_REMOVEDIR : 0);
  if (seen) { if (result == 0) put(kind, 0, name, NULL, kind == MKDIR ? inode_at(name) : 0, 0, NULL, 0, 0); leave(); }
  return result;
}
int unlink(const char *path) { return name_call(UNLINK, AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return name_call(flags & AT_REMOVEDIR ? RMDIR : UNLINK, at, path, 0); }
int rmdir(const char *path) { return name_call(RMDIR, AT_FDCWD, path, 0); }
int mkdir(const char *path, mode_t mode) { return name_call(MKDIR, AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return name_call(MKDIR, at, path, mode); }

/* Programs that call the kernel past the library's functions (an FFI's renameat2, libuv's copy_file_range). */
long syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a = va_arg(list, long), b = va_arg(list, long), c = va_arg(list, long), d = va_arg(list, long), e = va_arg(list, long), f = va_arg(list, long);
  va_end(list);
  if (prefix_length == 0) return kernel(number, a, b, c, d, e, f);
  switch (number) {
    case SYS_renameat2: return rename_any((int)a, (const char *)b, (int)c, (const char *)d, (unsigned)e);
    case SYS_renameat: return rename_any((int)a, (const char *)b, (int)c, (const char *)d, 0);
    case SYS_linkat: return link_any((int)a, (const char *)b, (int)c, (const char *)d, (int)e);
    case SYS_unlinkat: return unlinkat((int)a, (const char *)b, (int)c);
    case SYS_mkdirat: return name_call(MKDIR, (int)a, (const char *)b, (mode_t)c);
    case SYS_openat: return open_any((int)a, (const char *)b, (int)c, (mode_t)d);
    case SYS_fsync: case SYS_fdatasync: return sync_any((int)a, number);
    case SYS_ftruncate: return truncate_any((int)a, b);
    case SYS_fallocate: return allocate_any((int)a, (int)b, c, d);
    case SYS_write: return write_one((int)a, (const void *)b, (size_t)c, -1);
    case SYS_pwrite64: return write_one((int)a, (const void *)b, (size_t)c, d);
    case SYS_writev: return write_any((int)a, (const struct iovec *)b, (int)c, -1, 0);
    case SYS_pwritev2: return write_any((int)a, (const struct iovec *)b, (int)c, d, (int)f);
    case SYS_copy_file_range: return copy_any((int)a, (off64_t *)b, (int)c, (off64_t *)d, (size_t)e, (unsigned)f, 0);
    default: return kernel(number, a, b, c, d, e, f);
  }
}
