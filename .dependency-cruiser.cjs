// The arrows of the architecture: they go down only. `npm run check` and test/unit/scripts/arrows.test.ts read this.
const GROUND = ['common', 'protocol', 'config', 'store', 'telemetry', 'guest'];
const TRUST = ['audit', 'identity', 'policy'];
const CAPABILITIES = ['agent', 'realdoc', 'inference', 'skills', 'sandbox', 'egress'];
const DOOR = ['door'];
const SURFACES = ['gateway', 'connectors', 'mcp', 'beacon'];
const CLIENTS = ['client', 'client-node', 'web', 'cli'];

const rooms = (names) => `^src/(${names.join('|')})/`;
const library = (name) => `(^|node_modules/)${name}(/|$)`;
const error = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** Who may use a library or a part of Node. Everybody else in src goes through that room's port. */
const owners = {
  'better-sqlite3': '^src/store/',
  'node-llama-cpp': '^src/inference/engine/',
  '@cedar-policy/cedar-wasm': '^src/policy/',
  '@peculiar/x509': '^src/identity/',
  '@homebridge/ciao': '^src/beacon/',
  '@fastify/[^/]+': '^src/gateway/',
  fastify: '^src/gateway/',
  ws: '^src/(gateway|client|client-node)/',
  pino: '^src/telemetry/',
  koffi: '^src/realdoc/projection/kernel.ts',
  'smol-toml': '^src/config/',
  saxes: '^src/realdoc/office/',
  commander: '^src/cli/',
  '(preact|@preact/[^/]+|vite)': '^src/web/',
};

module.exports = {
  forbidden: [
    error(
      'no-upward-from-ground',
      'ground knows no room above it',
      { path: rooms(GROUND) },
      {
        path: rooms([...TRUST, ...CAPABILITIES, ...DOOR, ...SURFACES, ...CLIENTS]),
      },
    ),
    error(
      'no-upward-from-trust',
      'trust knows only the ground',
      { path: rooms(TRUST) },
      {
        path: rooms([...CAPABILITIES, ...DOOR, ...SURFACES, ...CLIENTS]),
      },
    ),
    error(
      'no-upward-from-capabilities',
      'capabilities do not know the door',
      { path: rooms(CAPABILITIES) },
      {
        path: rooms([...DOOR, ...SURFACES, ...CLIENTS]),
      },
    ),
    error(
      'no-upward-from-door',
      'the door does not know who knocks',
      { path: rooms(DOOR) },
      {
        path: rooms([...SURFACES, ...CLIENTS]),
      },
    ),
    error(
      'no-surface-to-client',
      'the box does not import its clients',
      { path: rooms(SURFACES) },
      {
        path: rooms(CLIENTS),
      },
    ),
    ...[TRUST, CAPABILITIES, SURFACES].map((layer) =>
      error(
        `no-sibling-${layer[0]}`,
        'siblings talk through ports that the consumer declares',
        { path: `^src/(${layer.join('|')})/` },
        {
          path: rooms(layer),
          pathNot: '^src/$1/',
        },
      ),
    ),
    error(
      'common-is-the-floor',
      'common imports no room',
      { path: '^src/common/' },
      {
        path: '^src/',
        pathNot: '^src/common/',
      },
    ),
    error(
      'protocol-stands-on-common',
      'protocol imports common alone',
      { path: '^src/protocol/' },
      {
        path: '^src/',
        pathNot: '^src/(protocol|common)/',
      },
    ),
    error(
      'client-stands-on-protocol',
      'the client knows protocol and common',
      { path: '^src/client/' },
      {
        path: '^src/',
        pathNot: '^src/(client|protocol|common)/',
      },
    ),
    error(
      'web-sees-only-the-client',
      'the page is a client like any other',
      { path: '^src/web/' },
      {
        path: '^src/',
        pathNot: '^src/(web|client|protocol|common)/',
      },
    ),
    error(
      'cli-sees-only-the-client',
      'the command has no private way in; it reads settings to find the box',
      { path: '^src/cli/' },
      {
        path: '^src/',
        pathNot: '^src/(cli|client|client-node|protocol|common|config)/',
      },
    ),
    error(
      'browser-safe',
      'these rooms also run in a browser',
      { path: '^src/(common|protocol|client|web)/', pathNot: '(vite\\.config\\.ts|^src/client/node/)' },
      { dependencyTypes: ['core'] },
    ),
    error(
      'daemon-is-the-root',
      'nothing imports the daemon',
      { path: '^src/', pathNot: '^src/daemon/' },
      {
        path: '^src/daemon/',
      },
    ),
    error('test-is-never-imported', 'tests are no library', { path: '^(src|scripts|bin)/' }, { path: '^test/' }),
    error(
      'scripts-are-never-imported',
      'the box does not know the scripts',
      { path: '^src/' },
      { path: '^(scripts|bench)/' },
    ),
    error(
      'no-cycle',
      'two files that need each other are one file',
      { path: '^(src|scripts)/' },
      {
        circular: true,
        viaOnly: { dependencyTypesNot: ['type-only'] },
      },
    ),
    error('resolves', 'an import that leads nowhere', { path: '^(src|scripts)/' }, { couldNotResolve: true }),
    error(
      'no-dev-packages',
      'the box runs without development packages',
      { path: '^src/', pathNot: 'vite\\.config\\.ts' },
      {
        dependencyTypes: ['npm-dev'],
        dependencyTypesNot: ['type-only'],
      },
    ),
    ...Object.entries(owners).map(([name, owner]) =>
      error(
        `owner-of-${name.replaceAll(/[^a-z0-9]+/g, '-')}`,
        `only ${owner} uses it`,
        { path: '^src/', pathNot: owner },
        {
          path: library(name),
          dependencyTypesNot: ['type-only'],
        },
      ),
    ),
    error(
      'no-sockets',
      'only the surfaces listen, only egress dials (two files ask what is an IP address)',
      {
        path: '^src/',
        pathNot: '^src/(gateway|egress|beacon|guest|cli|client-node)/|^src/(config/private-bind|daemon/addresses)',
      },
      {
        path: '^(node:)?(net|tls|http|https|http2|dgram|dns)$',
        dependencyTypes: ['core'],
        dependencyTypesNot: ['type-only'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
