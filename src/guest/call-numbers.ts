/** The numbers of a system call: x86-64, arm64; `null` where that machine has no such call. */
export type CallNumbers = readonly [x64: number | null, arm64: number | null];

/*
 * From the headers of Linux 6.1 for programs: `asm/unistd_64.h` of x86, `asm-generic/unistd.h` for arm64. Numbers never
 * change; from 424 on both machines count alike.
 */

/** What no reader of files has any use for: refused with EPERM. */
export const REFUSED: Readonly<Record<string, CallNumbers>> = {
  // What looks into or steers another process, or the kernel's own memory of it.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  process_madvise: [440, 440],
  process_mrelease: [448, 448],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  // Another kernel, or programs inside this one.
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  init_module: [175, 105],
  finit_module: [313, 273],
  delete_module: [176, 106],
  create_module: [174, null],
  get_kernel_syms: [177, null],
  query_module: [178, null],
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  // Keys.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // File systems and namespaces.
  mount: [165, 40],
  umount2: [166, 39],
  mount_setattr: [442, 442],
  fsopen: [430, 430],
  fsconfig: [431, 431],
  fsmount: [432, 432],
  fspick: [433, 433],
  move_mount: [429, 429],
  open_tree: [428, 428],
  pivot_root: [155, 41],
  chroot: [161, 51],
  setns: [308, 268],
  unshare: [272, 97],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  fanotify_init: [300, 262],
  fanotify_mark: [301, 263],
  quotactl: [179, 60],
  quotactl_fd: [443, 443],
  // The machine.
  reboot: [169, 142],
  swapon: [167, 224],
  swapoff: [168, 225],
  acct: [163, 89],
  syslog: [103, 116],
  sethostname: [170, 161],
  setdomainname: [171, 162],
  settimeofday: [164, 170],
  clock_settime: [227, 112],
  adjtimex: [159, 171],
  clock_adjtime: [305, 266],
  iopl: [172, null],
  ioperm: [173, null],
  modify_ldt: [154, null],
  vhangup: [153, 58],
  // Ways to hand work to the kernel that had many holes, and that Node does not use.
  io_setup: [206, 0],
  io_destroy: [207, 1],
  io_submit: [209, 2],
  io_cancel: [210, 3],
  io_getevents: [208, 4],
  io_pgetevents: [333, 292],
  splice: [275, 76],
  tee: [276, 77],
  vmsplice: [278, 75],
  remap_file_pages: [216, 234],
  memfd_secret: [447, 447],
  // Processes on other nodes of memory.
  mbind: [237, 235],
  set_mempolicy: [238, 237],
  get_mempolicy: [239, 236],
  migrate_pages: [256, 238],
  move_pages: [279, 239],
  set_mempolicy_home_node: [450, 450],
  // Other processes: a reader starts none, and talks over what it was given.
  fork: [57, null],
  vfork: [58, null],
  socket: [41, 198],
  socketpair: [53, 199],
  shmget: [29, 194],
  shmat: [30, 196],
  shmctl: [31, 195],
  shmdt: [67, 197],
  semget: [64, 190],
  semop: [65, 193],
  semtimedop: [220, 192],
  semctl: [66, 191],
  msgget: [68, 186],
  msgsnd: [69, 189],
  msgrcv: [70, 188],
  msgctl: [71, 187],
  mq_open: [240, 180],
  mq_unlink: [241, 181],
  mq_timedsend: [242, 182],
  mq_timedreceive: [243, 183],
  mq_notify: [244, 184],
  mq_getsetattr: [245, 185],
  // What is left of the past.
  personality: [135, 92],
  lookup_dcookie: [212, 18],
  nfsservctl: [180, 42],
  uselib: [134, null],
  ustat: [136, null],
  sysfs: [139, null],
  _sysctl: [156, null],
};

/** Said not to be there (ENOSYS), as on an older kernel: the C library and Node then go another way. */
export const ABSENT: Readonly<Record<string, CallNumbers>> = {
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  clone3: [435, 435],
};

/** Needed, but not with every argument. */
export const JUDGED = {
  clone: [56, 220],
  ioctl: [16, 29],
} as const satisfies Record<string, CallNumbers>;

/** `mseal` of Linux 6.10: what came later is tried by few so far, and by no program that it must work for. */
export const LAST_KNOWN = 462;
