// The arrows of docs/architecture.md. Run by `npm test`.

const SERVER = '^packages/server/src/'
/** Small modules without a place of their own on a line's way. Every folder may know them. */
const COMMON = [
  'errors[.]ts$',
  'code-folder[.]ts$',
  'loopback[.]ts$',
  'heap[.]ts$',
  'seal[.]ts$',
  'async/',
]

/** Which folders of the server each of its folders may know, beside itself and the common ones. */
const ARROWS = {
  output: [],
  logs: ['sqlite[.]ts$'],
  database: ['sqlite[.]ts$'],
  ingest: ['output/', 'logs/'],
  nodes: ['logs/', 'output/causes/', 'output/peel[.]ts$', 'database/'],
  launch: ['ingest/', 'output/', 'logs/', 'nodes/', 'database/'],
  find: ['logs/', 'nodes/', 'database/', 'sqlite[.]ts$'],
  stream: ['logs/', 'nodes/', 'find/'],
  otlp: ['ingest/', 'output/', 'logs/', 'nodes/', 'find/', 'database/', 'config[.]ts$'],
  rights: ['database/'],
  metrics: ['nodes/'],
  workers: ['address-file[.]ts$', 'config[.]ts$', 'data-folder[.]ts$', 'logger[.]ts$'],
  notify: ['logs/', 'nodes/', 'find/', 'database/'],
  demo: ['ingest/', 'nodes/', 'logs/'],
  http: ['rights/', 'stream/', 'find/', 'notify/', 'otlp/', 'ingest/', 'nodes/', 'logs/'],
  // `serve` starts the server; everything else goes through the client. The names of the causes are
  // defined once, and a transcript is written by what reads it.
  cli: [
    'output/(?:causes/codes|transcript)[.]ts$',
    'main[.]ts$',
    'reindex[.]ts$',
    'config[.]ts$',
    'workers/',
    'demo/',
    // `pipe` asks a server whether it is ready as launches do.
    'launch/probe[.]ts$',
    'launch/probe-url[.]ts$',
    'package[.]json$',
  ],
}

const PAGE = '^packages/dashboard/src/'
/** The folder of each of the page's pages, and which other pages it may know. */
const PAGES = {
  fleet: [],
  // A node's page shows its log, and launches it again.
  node: ['log', 'launch'],
  log: [],
  launch: [],
  launches: [],
  webhooks: [],
  access: [],
  // Both show lines as a log shows them.
  search: ['log'],
  compare: ['log'],
}

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'Two modules that need each other are one idea in two files.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'client-knows-nobody',
      severity: 'error',
      from: { path: '^packages/client/src' },
      to: { path: '^packages/(server|dashboard)/' },
    },
    {
      name: 'dashboard-knows-the-client-alone',
      severity: 'error',
      from: { path: PAGE },
      to: { path: '^packages/server/' },
    },
    {
      name: 'hub-knows-the-client-alone',
      comment: 'It also runs in a worker, which has no page.',
      severity: 'error',
      from: { path: `${PAGE}hub/` },
      to: { path: PAGE, pathNot: `${PAGE}hub/` },
    },
    {
      name: 'parts-know-no-page',
      comment: 'What all pages share must not need one of them.',
      severity: 'error',
      from: {
        path: [`${PAGE}parts/`, `${PAGE}(address|clock|session|theme|Header|SignIn)[.]tsx?$`],
      },
      to: { path: `${PAGE}(${Object.keys(PAGES).join('|')})/` },
    },
    ...Object.entries(PAGES).map(([folder, known]) => ({
      name: `pages-known-to-${folder}`,
      severity: 'error',
      from: { path: `${PAGE}${folder}/` },
      to: {
        path: `${PAGE}(${Object.keys(PAGES).join('|')})/`,
        pathNot: [folder, ...known].map((name) => `${PAGE}${name}/`),
      },
    })),
    {
      name: 'only-main-knows-the-app',
      severity: 'error',
      from: { path: PAGE, pathNot: `${PAGE}(main|App)[.]tsx$` },
      to: { path: `${PAGE}(main|App)[.]tsx$` },
    },
    ...Object.entries(ARROWS).map(([folder, known]) => ({
      name: `arrows-of-${folder}`,
      severity: 'error',
      from: { path: `${SERVER}${folder}/` },
      to: {
        path: '^packages/server/',
        pathNot: [`${folder}/`, ...COMMON, ...known].map((path) =>
          path.startsWith('package') ? `^packages/server/${path}` : `${SERVER}${path}`,
        ),
      },
    })),
    {
      name: 'only-main-picks-implementations',
      comment: 'Everyone else knows the seam: LogStore, Database, Launcher.',
      severity: 'error',
      from: { path: SERVER, pathNot: `${SERVER}main[.]ts$` },
      to: {
        path: [
          `${SERVER}logs/(sqlite|redis)/store[.]ts$`,
          `${SERVER}database/sqlite[.]ts$`,
          `${SERVER}database/postgres/open[.]ts$`,
          `${SERVER}launch/(local|skypilot/api|skypilot/cli)/launcher[.]ts$`,
        ],
      },
    },
    {
      name: 'declared-packages-only',
      comment: 'The server is a bundle: what is inside is a development dependency of its package.',
      severity: 'error',
      from: { path: '^packages/server/src' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'dependencies-only',
      severity: 'error',
      from: { path: '^packages/(client|dashboard)/src' },
      // The client needs zod only for its schemas, and re2js for queries: they are optional peers there.
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    parser: 'swc',
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      conditionNames: ['launchtail-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.tsx', '.js'],
    },
  },
}
