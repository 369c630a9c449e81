import { type Static, Type } from '../protocol/schema.ts';

/**
 * Every setting of the box, once: file, environment, flags, defaults, the reference page and `--help` come from here.
 * Few keys: what can be found out is not a setting, and what people decide at work is policy, in the database.
 */
export const ConfigSchema = Type.Object(
  {
    data: Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'The data directory: database, keys, models that were imported, the local socket.',
    }),
    port: Type.Integer({
      minimum: 0,
      maximum: 65_535,
      default: 7443,
      description: 'The TLS port. 0 takes any free one and prints it.',
    }),
    bind: Type.Array(Type.String({ minLength: 2, maxLength: 64 }), {
      maxItems: 32,
      default: [],
      description:
        'Addresses to listen on, each loopback or private. Empty: loopback and the private addresses of this machine, those of container bridges left out. Public addresses are refused.',
    }),
    hosts: Type.Array(Type.String({ pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$', maxLength: 253 }), {
      maxItems: 32,
      default: [],
      description: 'More host names under which clients may reach the box (a name in the DNS of the office).',
    }),
    name: Type.String({
      minLength: 1,
      maxLength: 63,
      default: 'Jingu',
      description: 'What the box is called on the network and on paired devices.',
    }),
    beacon: Type.Boolean({ default: true, description: 'Announce the box by mDNS (_jingu._tcp).' }),
    models: Type.String({
      minLength: 1,
      maxLength: 4096,
      description: 'Folder with model files (GGUF). May be read-only.',
    }),
    logLevel: Type.Union(
      (['debug', 'info', 'warn', 'error'] as const).map((level) => Type.Literal(level)),
      { default: 'info', description: 'The least level that is logged: debug, info, warn or error.' },
    ),
    historyGb: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
      description: 'The most gigabytes that the histories of all documents may take. 0: as much as the disk has.',
    }),
    workspaceHistoryGb: Type.Integer({
      minimum: 0,
      maximum: 1_000_000,
      default: 0,
      description: 'The same for each workspace.',
    }),
    workspaces: Type.Array(
      Type.Object(
        {
          name: Type.String({ minLength: 1, maxLength: 100 }),
          root: Type.String({ minLength: 1, maxLength: 4096 }),
        },
        { additionalProperties: false },
      ),
      {
        maxItems: 100,
        default: [],
        description:
          'Folders the box looks after from its first start, as [[workspaces]] with name and root. More are added with: jingu workspace add.',
      },
    ),
  },
  { additionalProperties: false },
);

export type Config = Static<typeof ConfigSchema>;
export type ConfigKey = keyof Config;

export const CONFIG_KEYS = Object.keys(ConfigSchema.properties) as ConfigKey[];

/** `logLevel` is `--log-level` as a flag and `JINGU_LOG_LEVEL` in the environment. */
export const flagName = (key: string): string => key.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);
export const variableName = (key: string): string => `JINGU_${flagName(key).replaceAll('-', '_').toUpperCase()}`;

/** Lists of tables have no form as one word, so they live in the file alone. */
export const isFileOnly = (key: ConfigKey): boolean => key === 'workspaces';
