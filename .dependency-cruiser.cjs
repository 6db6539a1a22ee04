// The arrows of docs/architecture.md. Run by `npm test`.

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
      name: 'nobody-knows-http',
      comment: 'Only main.ts puts the routes together.',
      severity: 'error',
      from: { path: '^packages/server/src', pathNot: '^packages/server/src/(http/|main[.]ts)' },
      to: { path: '^packages/server/src/http/' },
    },
    {
      name: 'logs-know-no-other-part',
      comment: 'The log is what everything else stands on.',
      severity: 'error',
      from: { path: '^packages/server/src/logs/' },
      to: { path: '^packages/server/src/(http|nodes|launch|database|cli)/' },
    },
    {
      name: 'nodes-know-logs-and-records',
      comment: 'And the causes: a record tells why its launch failed.',
      severity: 'error',
      from: { path: '^packages/server/src/nodes/' },
      to: {
        path: '^packages/server/src/(http|launch|cli)/',
        pathNot: '^packages/server/src/launch/causes/',
      },
    },
    {
      name: 'only-main-picks-implementations',
      comment: 'Everyone else knows the seam: LogStore, Database, Launcher.',
      severity: 'error',
      from: { path: '^packages/server/src', pathNot: '^packages/server/src/main[.]ts' },
      to: {
        path: [
          '^packages/server/src/logs/(sqlite|redis)[.]ts',
          '^packages/server/src/database/sqlite[.]ts',
          '^packages/server/src/launch/local/launcher[.]ts',
          '^packages/server/src/launch/skypilot/(api|cli)-launcher[.]ts',
        ],
      },
    },
    {
      name: 'declared-packages-only',
      severity: 'error',
      from: { path: '^packages/[^/]+/src' },
      // The client's schemas need zod only where they are used: it is an optional peer there.
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
      extensions: ['.ts', '.js'],
    },
  },
}
