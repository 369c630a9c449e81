import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.ts';

const PASSWORD = 'correct-horse';
/** What people call themselves; the server's own user map leads to the user that runs the acceptance. */
const PERSON = 'lin';

/** A real Samba server on loopback: a configuration, users and state of its own in a temporary folder. */
export class Samba {
  readonly config: string;
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(config: string, port: number, process: ChildProcess) {
    this.config = config;
    this.port = port;
    this.#process = process;
  }

  /** Serves `share`. Throws with what the server said if it does not come up. */
  static async start(base: string, share: string): Promise<Samba> {
    const port = await freePort();
    const at = (name: string): string => {
      mkdirSync(join(base, name), { recursive: true });
      return join(base, name);
    };
    const config = join(base, 'smb.conf');
    writeFileSync(join(base, 'users.map'), `${userInfo().username} = ${PERSON}\n`);
    writeFileSync(
      config,
      `[global]
workgroup = JINGU
server role = standalone server
smb ports = ${port}
interfaces = 127.0.0.1/8
bind interfaces only = yes
disable netbios = yes
disable spoolss = yes
load printers = no
printing = bsd
printcap name = /dev/null
map to guest = never
username map = ${join(base, 'users.map')}
private dir = ${at('private')}
lock directory = ${at('lock')}
state directory = ${at('state')}
cache directory = ${at('cache')}
pid directory = ${at('pid')}
ncalrpc dir = ${at('rpc')}
log file = ${join(at('log'), 'log.%m')}
passdb backend = tdbsam:${join(at('private'), 'passdb.tdb')}
[share]
path = ${share}
read only = no
`,
    );
    const added = spawnSync('smbpasswd', ['-c', config, '-s', '-a', userInfo().username], {
      input: `${PASSWORD}\n${PASSWORD}\n`,
      encoding: 'utf8',
    });
    if (added.status !== 0) throw new Error(`smbpasswd: ${(added.stderr || String(added.error)).trim()}`);
    // A group of its own: at its end smbd ends its whole group.
    const child = spawn('smbd', ['-s', config, '-F', '--no-process-group'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    for (let attempt = 0; attempt < 100; attempt++) {
      if (child.exitCode !== null) throw new Error(`smbd ended with ${child.exitCode}: ${said.trim()}`);
      if (await answers(port)) return new Samba(config, port, child);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    child.kill();
    throw new Error(`smbd does not listen: ${said.trim()}`);
  }

  client(): SmbClient {
    return new SmbClient(this);
  }

  /** Arguments for the tools that ask this server. */
  get asking(): string[] {
    return ['-s', this.config];
  }

  async stop(): Promise<void> {
    const pid = Number(readFileSync(join(this.config, '..', 'pid', 'smbd.pid'), 'utf8'));
    const closed = once(this.#process, 'close');
    process.kill(pid, 'SIGTERM');
    await closed;
  }
}

/** One session of `smbclient`. Each command is answered when the server has done it. */
export class SmbClient {
  readonly #process: ChildProcess;
  #output = '';
  #wake: (() => void) | undefined;
  #commands = 0;

  constructor(samba: Samba) {
    const args = ['-s', samba.config, '-p', `${samba.port}`, '//127.0.0.1/share', '-U', `${PERSON}%${PASSWORD}`];
    // Line by line, so that what a command said stands before the mark that follows it; and no line waits in a buffer.
    this.#process = spawn('stdbuf', ['-i0', '-oL', 'smbclient', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
        this.#wake?.();
      });
    }
    this.#process.on('close', () => this.#wake?.());
  }

  /** Throws what the server refused. */
  async run(command: string): Promise<string> {
    const mark = `DONE-${++this.#commands}-`;
    this.#output = '';
    this.#process.stdin?.write(`${command}\n!echo ${mark}\n`);
    while (!this.#output.includes(mark)) {
      if (this.#process.exitCode !== null) throw new Error(`smbclient ended: ${this.#output}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const said = this.#output;
    if (said.includes('NT_STATUS_')) throw new Error(`${command}: ${said.replaceAll(mark, '').trim()}`);
    return said;
  }

  async close(): Promise<void> {
    const closed = once(this.#process, 'close');
    this.#process.stdin?.end('quit\n');
    await closed;
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
