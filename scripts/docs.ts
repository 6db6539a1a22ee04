// `npm run docs`: writes the pages that are generated from the code. A test compares them.
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import server from '../packages/server/package.json' with { type: 'json' }
import { settings } from '../packages/server/src/config.js'
import { openApi } from '../packages/server/src/http/openapi/document.js'
import { dashboard } from './dashboard.js'
import { manPage } from './man-page.js'
import { monitoringPage } from './monitoring-page.js'
import { phasesPage } from './phases-page.js'
import { queryPage } from './query-page.js'

/** The generated pages by where they are, seen from `docs/`. */
export function madePages(): Record<string, string> {
  return {
    'configuration.md': configurationPage(),
    'launchtail.1': manPage(server.version),
    'monitoring.md': monitoringPage(),
    '../integrations/grafana/launchtail.json': `${JSON.stringify(dashboard(), null, 2)}\n`,
    'phases.md': phasesPage(),
    'query.md': queryPage(),
    'openapi.json': `${JSON.stringify(openApi(server.version), null, 2)}\n`,
  }
}

function configurationPage(): string {
  const rows = Object.values(settings).map(({ env, flag, default: usual, otherwise, help }) => {
    const value = usual ? `\`${usual}\`` : (otherwise ?? 'none')
    return `| \`${env}\` | ${flag ? `\`--${flag}\`` : 'none'} | ${value} | ${help} |`
  })
  return `# Configuration

<!-- Generated from packages/server/src/config.ts by \`npm run docs\`; do not edit. -->

Each setting is an environment variable and, unless it is secret, a flag of \`launchtail serve\`. The flag
wins, and an empty variable counts as not set. Durations are written as \`500ms\`, \`90s\`, \`10m\`, \`1h30m\`,
\`24h\` or \`2d\`. The server checks all settings when it starts, and reports everything that is wrong at once.

| Variable | Flag | Default | |
|---|---|---|---|
${rows.join('\n')}

Records (nodes, phases, launches, webhooks) are in SQLite in the data folder, also if the logs are on Redis, unless
\`DATABASE_URL\` is set: several servers can share them then; see operations.md.

## Connections

The server accepts as many connections as the process may have open files, less a reserve for storage and
launches: an eighth of them, at least 128, at most 1024, and half of them if there are few. Node raises
its soft limit (\`ulimit -n\`) to the hard one by itself. Beyond that, \`/healthz\` and \`/readyz\` are still
answered, each on a connection that closes, and everything else is a 503 with \`Retry-After\`. Of those
connections only the latest 16 are kept, for 2 s at most, so a flood can cost a probe its answer.

## The data folder

| File | Content |
|---|---|
| \`logs.db\` | the logs, unless \`REDIS_URL\` is set |
| \`records.db\` | the records of nodes and launches, unless \`DATABASE_URL\` is set |
| \`archive.db\` | every log a second time, also once the live one has expired, with the index for searching; in PostgreSQL where \`DATABASE_URL\` is set. See search.md |
| \`logs.db-wal\`, \`logs.db-shm\`, \`records.db-wal\`, \`records.db-shm\` | what was written last, while the server runs and after a crash; a backup of a database needs them too, unless the server was stopped in order |
| \`url\` | the server's address, while it runs: commands that are started beside the folder find it there |
| \`admin-token\` | the created token, which only the server's account can read |
| \`secrets-key\` | the key that encrypts the secrets of running launches and of webhooks, unless \`LAUNCHTAIL_SECRETS_KEY\` is set |
| \`name\` | the server's name, by which it finds the launches that it was running |
| \`launches/\` | a folder for each launch |
| \`demo/\` | the data folder of \`launchtail serve --demo\`, so that the demonstration stays apart from real data |
| \`lock.db\`, \`pid\` | the lock: only one process at a time can use the folder |

Logs and records are separate files so that an append never waits for a record.

## Stack traces

The server is built into a few files. With \`NODE_OPTIONS=--enable-source-maps\` the stack traces in its log
name the files and lines of the source.
`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, text] of Object.entries(madePages())) {
    await writeFile(new URL(`../docs/${name}`, import.meta.url), text)
  }
}
